import type { Fault } from './fault.ts'
import { escapeUnseen } from './quote.ts'

/** One line a fault, `file:line:column message; remedy`, safe to print on a terminal. */
export function renderFaults(faults: readonly Omit<Fault, 'code'>[]): readonly string[] {
  return faults.map(({ file, line, column, message, remedy }) =>
    escapeUnseen(`${file}:${line}:${column} ${message}; ${remedy}`),
  )
}
