import type { PolicyTrialReport } from '../reconcile/ports/policy-trial.ts'
import type { PolicyDecision } from './decision.ts'
import { approvals, code, safe, section } from './markdown.ts'

/** So many lines of each list; what is left out is counted. */
const most = 50

/**
 * What a policy owner should know before approving: what the diff does not show, who gains and loses, what fails. What
 * somebody may make as long as he likes comes last: GitHub shows no more than so much.
 */
export const policyLines = ({
  accepted,
  changed,
  strayed,
  requirements,
  trial,
}: PolicyDecision): readonly string[] => [
  ...(trial?.locksOut === true
    ? [
        '⚠️ **These policies would lock everybody out**: no recorded request, and no sample of one, passes under them any more.',
        '',
      ]
    : []),
  ...approvals(requirements),
  ...(trial === undefined ? [] : trialLines(trial)),
  ...(strayed.length === 0
    ? []
    : [
        '⚠️ **This brings more than the diff shows**: what follows reached the branch without acceptance, and approving accepts it too.',
        '',
        ...bounded(strayed.map(code)).map((line) => `- ${line}`),
        '',
      ]),
  ...section(
    `Compared with the accepted policies at ${code(accepted)}`,
    bounded(changed.map((path) => code(path))),
  ),
]

const trialLines = ({ compiles, tests, changes, replayed, notReplayed, held }: PolicyTrialReport) => [
  ...section(
    'Faults',
    compiles.ok
      ? []
      : bounded(
          compiles.faults.map(
            ({ path, line, code: kind, message }) =>
              `${code(`${path}:${line}`)} ${safe(kind)}: ${safe(message)}`,
          ),
        ),
  ),
  ...section('Failed tests', bounded(tests.failed.map(({ path, name }) => `${code(path)} ${code(name)}`))),
  ...(compiles.ok
    ? [
        `**What would change for the requests of the last 90 days** (${replayed} decided anew${
          notReplayed === undefined ? '' : `, ${notReplayed} left out`
        })`,
        '',
        ...changeLines(changes).map((line) => `- ${line}`),
        '',
      ]
    : []),
  ...(tests.notRun === true
    ? ['_The tests were not run: they are the accepted ones, and there is no opa._', '']
    : []),
  ...(held.length === 0 ? [] : [`_Tried under: ${safe(held.join(', '))}._`, '']),
]

type Change = PolicyTrialReport['changes'][number]

const changeLines = (changes: readonly Change[]): readonly string[] => {
  if (changes.length === 0) return ['none of them would come out otherwise']
  const sorted = changes.toSorted((a, b) => harmlessness(a) - harmlessness(b))
  const gains = sorted.filter((change) => harmlessness(change) === 0).length
  return bounded(sorted.map(changeText), gains > most ? `, ${gains - most} of which gain` : '')
}

/** What lets somebody in is what an owner has to see: who gains, for whom fewer say yes, or others; then who loses. */
const harmlessness = ({ before, after, approvals: people }: Change): number => {
  if (before !== after) return after === 'passes' ? 0 : 3
  if (people === undefined || people.after === people.before) return 2
  return people.after < people.before ? 1 : 4
}

const changeText = ({ request, path, requester, before, after, approvals: people }: Change): string => {
  const what = `${code(path)} (${code(request)})`
  if (before !== after)
    return after === 'passes'
      ? `➕ ${safe(requester)} gains ${what}: it was refused, and would pass`
      : `➖ ${safe(requester)} loses ${what}: it passed, and would be refused`
  if (people === undefined) return `${safe(requester)}: ${what}`
  return people.before === people.after
    ? `${safe(requester)}: other people would have to approve ${what}`
    : `${safe(requester)}: ${what} would need ${people.after} instead of ${people.before} approvals`
}

const bounded = (lines: readonly string[], also = ''): readonly string[] =>
  lines.length > most ? [...lines.slice(0, most), `and ${lines.length - most} more${also}`] : lines
