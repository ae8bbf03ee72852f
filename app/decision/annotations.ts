import { escapeUnseen } from '../request/quote.ts'
import type { Decision } from './decision.ts'
import { byText } from './order.ts'

/** A fault where GitHub shows it, in the file itself (REST, "Create a check run", output.annotations). */
export type Annotation = {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  /** Columns are taken only where the fault begins and ends in one line. */
  readonly startColumn?: number
  readonly endColumn?: number
  readonly message: string
  readonly title: string
}

/** Every fault of every request, by file and place. */
export const annotationsOf = (decision: Decision): readonly Annotation[] =>
  [...decision.requests.flatMap(({ faults }) => faults), ...policyFaults(decision)]
    .toSorted((a, b) => byText(a.file, b.file) || a.line - b.line || a.column - b.column)
    .map(({ file, line, column, endLine = line, endColumn, code, message, remedy }: Shown) => ({
      path: file,
      startLine: Math.max(1, line),
      endLine: Math.max(1, line, endLine),
      ...(endLine === line
        ? { startColumn: Math.max(1, column), endColumn: Math.max(1, column, endColumn ?? column) }
        : {}),
      title: escapeUnseen(code.replaceAll('_', ' ')),
      message: escapeUnseen(remedy === undefined ? message : `${message}; ${remedy}`),
    }))

type Shown = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine?: number
  readonly endColumn?: number
  readonly code: string
  readonly message: string
  readonly remedy?: string
}

const policyFaults = ({ policies }: Decision): readonly Shown[] =>
  policies?.trial === undefined || policies.trial.compiles.ok
    ? []
    : policies.trial.compiles.faults.map(({ path: file, column = 1, ...fault }) => ({
        file,
        column,
        ...fault,
      }))
