import type { SegmentRow } from '../../audit/segment.ts'
import type { CliDeps } from '../deps.ts'
import { shown } from '../terminal/said.ts'
import { styleFor } from '../terminal/style.ts'
import type { Args } from '../verb.ts'

/** What came of verifying segments, and the exit status: 0 they hold, 1 they do not, 3 nobody's key is known. */
export function tellSegments(deps: CliDeps, args: Args, row: SegmentRow): number {
  const { segments, faults, unsigned } = row
  const isWrong = faults.length > 0 || segments.some((one) => one.faults.length > 0)
  const status = isWrong ? 1 : unsigned ? 3 : 0
  if (args.output === 'json') {
    deps.out.write(`${JSON.stringify({ ok: status === 0, segments, faults }, null, 2)}\n`)
    return status
  }
  const { green, red, yellow } = styleFor(deps.out, deps.env)
  const lines = segments.flatMap(({ file, origin, first, last, faults: own }) => [
    own.length === 0
      ? green(`${file}: events ${first} to ${last} of ${origin} verified, up to their checkpoint`)
      : red(`${file}: not as it was sealed`),
    ...own.map((one) => `  ${one}`),
  ])
  lines.push(...faults.map((one) => red(one)))
  const [begin] = segments
  const end = segments.at(-1)
  if (!isWrong && begin !== undefined && end !== undefined && segments.length > 1)
    lines.push(green(`The row is whole: events ${begin.first} to ${end.last}`))
  if (unsigned) lines.push(yellow('No key is known that says who signed the checkpoints (--key)'))
  deps.out.write(`${lines.map(shown).join('\n')}\n`)
  return status
}
