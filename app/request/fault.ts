/** One thing wrong with a file, where it is (1-based), and what to write instead. */
export type Fault = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine?: number
  readonly endColumn?: number
  /** JSON pointer of the value at fault, where there is one. */
  readonly pointer?: string
  readonly code: string
  readonly message: string
  readonly remedy: string
}
