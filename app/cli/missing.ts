import { Failure } from './failure.ts'

/** As a `Failure` that names the file or folder, if that is what was not there; else the error as it is. */
export const missing = (path: string, cause: unknown): unknown =>
  cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    ? new Failure('usage', `${path} does not exist.`, undefined, { cause })
    : cause
