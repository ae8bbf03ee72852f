import { Failure } from './failure.ts'

/** As a `Failure` that names the file or folder, if it was not there or a folder lay there; else the error as it is. */
export const missing = (path: string, cause: unknown): unknown => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return new Failure('usage', `${path} does not exist.`, undefined, { cause })
  if (code === 'EISDIR') return new Failure('usage', `${path} is a folder.`, 'name a file', { cause })
  return cause
}
