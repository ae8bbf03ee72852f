import { type Paint, decisionText as wholeText } from '../decision/render-text.ts'
import { escapeUnseen } from '../request/quote.ts'
import type { RequestWithDecision } from './api.ts'
import type { CliDeps } from './deps.ts'
import { type Style, styleFor } from './terminal/style.ts'

/** The decision as a tree, the same that the pull request shows; empty where there is none. */
export function decisionText(
  { decision }: RequestWithDecision,
  { out, env }: Pick<CliDeps, 'out' | 'env'>,
): string {
  if (decision === undefined) return ''
  const { green, red, yellow, bold, dim } = styleFor(out, env)
  const text = (paint: Style[keyof Style]) => (of: string) => String(paint(of))
  const paint: Paint = {
    good: text(green),
    bad: text(red),
    waiting: text(yellow),
    bold: text(bold),
    dim: text(dim),
  }
  return `${wholeText(decision, paint)}\n`
}

/** ` from group sre (carol, dave)`: whose approval is still missing; empty where nobody's is. */
export function whoCanApprove({ id, decision }: RequestWithDecision): string {
  const requirements = decision?.requests.find((one) => one.id === id)?.requirements ?? []
  const missing = requirements
    .filter(({ count, metBy }) => metBy.length < count)
    .map(({ label, count, metBy, eligible }) => {
      const names = eligible
        .filter(({ id: person }) => !metBy.some((one) => one.id === person))
        .map(({ login }) => login)
      const people =
        names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ')
      return `${count - metBy.length > 1 ? `${count - metBy.length} of ` : ''}${label}${people === '' ? '' : ` (${people})`}`
    })
  return missing.length === 0 ? '' : escapeUnseen(` from ${missing.join(' and ')}`)
}
