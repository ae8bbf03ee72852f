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

/** As many as GitHub takes in one write: whoever pushes faults must not spend the hour's writes with them. */
const most = 50

/** The faults of every request, by file and place: the first of each file before the second of any, 50 in all. */
export const annotationsOf = (decision: Decision): readonly Annotation[] =>
  fewOf([...Map.groupBy(faultsOf(decision), ({ file }) => file).values()])
    .toSorted(byPlace)
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

/** How many faults have no annotation. */
export const unannotated = (decision: Decision): number => Math.max(0, faultsOf(decision).length - most)

const fewOf = (files: readonly (readonly Shown[])[]): readonly Shown[] =>
  files
    .flatMap((faults) => faults.map((fault, turn) => ({ fault, turn })))
    .toSorted((a, b) => a.turn - b.turn)
    .slice(0, most)
    .map(({ fault }) => fault)

const faultsOf = (decision: Decision): readonly Shown[] =>
  [...decision.requests.flatMap(({ faults }) => faults), ...policyFaults(decision)].toSorted(byPlace)

const byPlace = (a: Shown, b: Shown): number =>
  byText(a.file, b.file) || a.line - b.line || a.column - b.column

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
