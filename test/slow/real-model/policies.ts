import type { Login } from '../../../app/sandbox/world.ts'
import type { Happening } from '../../reconcile/model/happening.ts'
import { actors, type Play } from './record.ts'
import { type Data, variants } from './rules.ts'
import type { Stage } from './stage.ts'
import { dataAt } from './truth.ts'

export const filesOf = (data: Data): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(data).map(([name, text]) => [`policies/data/${name}.yaml`, text]))

/** The model's carol owns its policies, as erin does here. */
const speaks = { ...actors, carol: 'erin' } as const

/** Policies in a pull request of their own, as far as GitHub and Git let them. */
export const propose = async (
  stage: Stage,
  play: Play,
  what: Extract<Happening, { kind: 'propose' }>,
): Promise<void> => {
  const by = actors[what.by]
  const head = await stage.push(
    by,
    play.branch('r'),
    'origin/main',
    filesOf(variants[what.variant](stage.usual)),
  )
  if (head === undefined) return
  play.pushed(play.branch('r'), by, head)
  const pull = await play.open(by, { head: play.branch('r'), base: 'main', draft: false })
  if (pull === undefined) return
  for (const one of what.approved) await play.review(pull, speaks[one], 'APPROVED')
  if (what.altered) {
    const other = await stage.push(by, play.branch('r'), 'origin/main', filesOf(stage.usual))
    if (other !== undefined) play.pushed(play.branch('r'), by, other)
  }
  // GitHub tells whole seconds.
  await stage.t.advance(1000)
  if (what.merged) await play.merge(pull.number, 'merge')
}

/** Whatever became of them: the policies that everybody began with are in force again. */
export const restorePolicies = async (stage: Stage, play: Play): Promise<void> => {
  const { commits, policy, usual } = stage
  const onBranch = same(dataAt(commits, commits.tip('main') ?? ''), usual)
  if (onBranch && same(dataAt(commits, policy.accepted), usual)) return
  const by: Login = 'dave'
  const branch = play.branch('usual')
  // A commit of its own, though the branch may hold these policies already and only have got them past their owner.
  if (onBranch) {
    const odd = { ...usual, groups: `${usual.groups}# ${play.slug}\n` }
    await stage.push('erin', 'main', 'origin/main', filesOf(odd))
  }
  const head = await stage.push(by, branch, 'origin/main', filesOf(usual))
  if (head === undefined) throw new Error('the policies cannot be restored')
  play.pushed(branch, by, head)
  const pull = await play.open(by, { head: branch, base: 'main', draft: false })
  if (pull === undefined) throw new Error('the policies cannot be proposed')
  await play.review(pull, 'erin', 'APPROVED')
  await stage.t.advance(1000)
  await play.look()
  await play.merge(pull.number, 'merge')
  await play.look()
}
const same = (a: Data, b: Data): boolean => JSON.stringify(a) === JSON.stringify(b)
