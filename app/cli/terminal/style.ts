import pc from 'picocolors'
import { escapeUnseen } from '../../request/quote.ts'
import type { Output } from '../deps.ts'
import { Shown } from './said.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Paint = (text: string) => Shown
export type Style = Readonly<Record<'green' | 'red' | 'yellow' | 'cyan' | 'bold' | 'dim', Paint>>

/** Colour on a terminal only, and not with NO_COLOR (no-color.org: set and not empty). What is coloured is escaped first. */
export function styleFor(output: Pick<Output, 'isTTY'>, env: Environment): Style {
  const { green, red, yellow, cyan, bold, dim } = pc.createColors(
    output.isTTY && !env.NO_COLOR && env.TERM !== 'dumb',
  )
  const safe =
    (paint: (text: string) => string): Paint =>
    (text) =>
      new Shown(paint(escapeUnseen(text)))
  return {
    green: safe(green),
    red: safe(red),
    yellow: safe(yellow),
    cyan: safe(cyan),
    bold: safe(bold),
    dim: safe(dim),
  }
}

/** A state in its colour: what waits is yellow, what is open green, what was refused or is stuck red. */
export function stateColour(style: Style, state: string): Shown {
  if (['active', 'approved', 'granted'].includes(state)) return style.green(state)
  if (['pending', 'scheduled', 'provisioning', 'revoking'].includes(state)) return style.yellow(state)
  if (['denied', 'refused', 'failed', 'quarantined'].includes(state)) return style.red(state)
  return style.dim(state)
}
