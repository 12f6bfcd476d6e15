/** Writes XGBoost's JSON as UBJSON, in the manner of XGBoost: 64-bit lengths, arrays of numbers in one piece. */
export function toUbjson(text: string): Uint8Array {
  const bytes: number[] = []
  // numbers that JSON cannot hold stand as such in XGBoost's files
  const quoted = text.replaceAll(/\bNaN\b|-?\bInfinity\b/g, '"#$&"')
  const value = JSON.parse(quoted, (_, v: unknown) =>
    typeof v === 'string' && v.startsWith('#') ? Number(v.slice(1)) : v,
  )
  const push = (type: string, size: number, write: (view: DataView) => void): void => {
    const view = new DataView(new ArrayBuffer(size))
    write(view)
    for (const c of type) bytes.push(c.charCodeAt(0))
    bytes.push(...new Uint8Array(view.buffer))
  }
  const length = (n: number): void => push('L', 8, (view) => view.setBigInt64(0, BigInt(n)))
  const key = (name: string): void => {
    const code = new TextEncoder().encode(name)
    length(code.length)
    bytes.push(...code)
  }
  const write = (item: unknown, name: string): void => {
    if (Array.isArray(item)) {
      bytes.push('['.charCodeAt(0))
      const whole = /children|indices|left|type|categories|info|parents/.test(name)
      if (item.length > 0 && item.every((v) => typeof v === 'number')) {
        push(whole ? '$l#' : '$d#', 0, () => {})
        length(item.length)
        for (const v of item) push('', 4, (view) => (whole ? view.setInt32(0, v) : view.setFloat32(0, v)))
        return
      }
      push('#', 0, () => {})
      length(item.length)
      for (const v of item) write(v, name)
    } else if (typeof item === 'object' && item !== null) {
      bytes.push('{'.charCodeAt(0))
      for (const [inner, v] of Object.entries(item)) {
        key(inner)
        write(v, inner)
      }
      bytes.push('}'.charCodeAt(0))
    } else if (typeof item === 'string') {
      bytes.push('S'.charCodeAt(0))
      key(item)
    } else push('D', 8, (view) => view.setFloat64(0, item as number))
  }
  write(value, '')
  return Uint8Array.from(bytes)
}
