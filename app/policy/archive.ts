import { gunzipSync } from 'node:zlib'

const block = 512
const largest = 64 * 1024 * 1024

/** One file of a gzipped tar archive, as opa writes it (POSIX ustar), or undefined. */
export function fileInArchive(archive: Uint8Array, name: string): Uint8Array | undefined {
  const tar = gunzipSync(archive, { maxOutputLength: largest })
  for (let at = 0; at + block <= tar.length; ) {
    const path = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '')
    if (path === '') return undefined
    const size = Number.parseInt(tar.toString('ascii', at + 124, at + 136), 8)
    if (path.replace(/^\//, '') === name) return new Uint8Array(tar.subarray(at + block, at + block + size))
    at += block + Math.ceil(size / block) * block
  }
  return undefined
}
