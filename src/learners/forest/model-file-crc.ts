/** Tables for {@link crc32}: what each byte does to the checksum from 1 to 8 places away. */
export function crcTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
    tables[byte] = crc
  }
  for (let i = 256; i < tables.length; i++) tables[i] = (tables[i - 256]! >>> 8) ^ tables[tables[i - 256]! & 255]!
  return tables
}

/**
 * The CRC-32 of zip and PNG over `bytes[start]` up to `bytes[end]`, 8 bytes a step: about a nanosecond a byte.
 *
 * It notices every change within 32 bits in a row, whatever the length, and any other with all but 1 in 4 billion; a
 * forger it does not stop, so what it passes is validated all the same.
 *
 * @see W. W. Peterson, D. T. Brown (1961), "Cyclic codes for error detection", Proceedings of the IRE 49
 */
export function crc32(bytes: Uint8Array, start: number, end: number, tables: Uint32Array): number {
  let crc = -1
  let i = start
  for (; i + 8 <= end; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    crc =
      tables[1792 + (low & 255)]! ^
      tables[1536 + ((low >>> 8) & 255)]! ^
      tables[1280 + ((low >>> 16) & 255)]! ^
      tables[1024 + (low >>> 24)]! ^
      tables[768 + bytes[i + 4]!]! ^
      tables[512 + bytes[i + 5]!]! ^
      tables[256 + bytes[i + 6]!]! ^
      tables[bytes[i + 7]!]!
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[i]!) & 255]!
  return ~crc >>> 0
}
