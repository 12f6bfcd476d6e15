/** The polynomial of Ethernet, gzip and PNG, its bits reversed. */
const POLYNOMIAL = 0xedb88320

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
})

/**
 * CRC-32 (ISO 3309) of `bytes` from `start` to `end`: finds every error of one to three bits, and every burst of up to 32,
 * in the lengths that are written here.
 */
export function crc32(bytes: Uint8Array, start: number = 0, end: number = bytes.length): number {
  let crc = 0xffffffff
  for (let i = start; i < end; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
