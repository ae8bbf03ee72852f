import type { Facts } from '../../../app/decision/facts.ts'
import { hour, merged, now, open, path, request } from '../fixture.ts'
import { added, at, bare, changes, idle, of, start, two } from './shapes.ts'

const many = (count: number) => Array.from({ length: count }, (_, n) => added(`x-${n}`))

/** Of the pull request: its files, its moment, its merge. */
export const pullCases: Readonly<Record<string, Facts>> = {
  approved: open,
  'approved and merged': merged,
  'approved, and its start has come': start,
  'nothing of ours': idle,
  'nothing of ours, into another branch': { ...idle, pull: { ...open.pull, base: 'other' } },
  'nothing of ours, and trouble': { ...idle, troubles: ['b is away', 'a is away', 'b is away'] },
  'only deletions': bare({ path: at('old'), kind: 'deleted' }, { path: at('older'), kind: 'deleted' }),
  'many deletions': bare(
    ...Array.from({ length: 7 }, (_, n) => ({ path: at(`old-${n}`), kind: 'deleted' as const })),
  ),
  'one new and one gone': bare(added('new'), { path: at('old'), kind: 'deleted' }),
  'one new, and policies': bare(added('new'), { path: 'policies/x', kind: 'changed', mode: '100644' }),
  'one gone, and what some file systems take for ours': bare(
    { path: at('old'), kind: 'deleted' },
    { path: 'Requests/x', kind: 'added', mode: '100644' },
  ),
  'policies, and what some file systems take for them': bare(
    { path: 'policies/x', kind: 'changed', mode: '100644' },
    { path: 'Policies/x', kind: 'added', mode: '100644' },
  ),
  'files out of order': changes(
    added('b'),
    added('a'),
    { path: 'b', kind: 'added' },
    { path: 'a', kind: 'added' },
  ),
  'a start without a merge': { ...start, pull: open.pull },
  'a changed request': bare({ path: at('old'), kind: 'changed', mode: '100644' }),
  policies: bare({ path: 'policies/x.rego', kind: 'changed', mode: '100644' }),
  'a request and policies': changes({ path: 'policies/x.rego', kind: 'added', mode: '100644' }),
  'a request and something else': changes({ path: 'README.md', kind: 'changed', mode: '100644' }),
  'a request and a deletion': changes({ path: at('old'), kind: 'deleted' }),
  'a request and a change of another': changes({ path: at('old'), kind: 'changed', mode: '100644' }),
  'a folder that some file systems take for ours': changes({
    path: 'Requests/x',
    kind: 'added',
    mode: '100644',
  }),
  'one that goes': changes({ path: 'Requests/x', kind: 'deleted' }),
  'another for policies': changes({ path: 'POLICIES/x', kind: 'changed', mode: '100644' }),
  'a symbolic link': of({ facts: { changes: [{ path, kind: 'added', mode: '120000' }] } }),
  'a file of no known mode': of({ facts: { changes: [{ path, kind: 'added' }] } }),
  'a path that is not canonical': changes({ path: 'requests/x.yaml', kind: 'added', mode: '100644' }),
  'a file that nothing is known of': changes(added('other')),
  'a request that nothing brought': of({ facts: { changes: [] } }),
  'a request told of twice': { ...open, requests: [request, request] },
  'two of one path': {
    ...open,
    requests: [
      { ...request, id: 'req_b' },
      { ...request, id: 'req_a' },
    ],
  },
  'two of one id': two({ id: request.id }),
  'a file both new and gone': changes({ path, kind: 'deleted' }),
  'into another branch': of({ pull: { base: 'other' } }),
  'from a fork': of({ pull: { fromFork: true } }),
  'from a fork, and nobody was looked up': of({
    pull: { fromFork: true },
    without: ['requester', 'role', 'policies'],
  }),
  'from a fork, merged, and nobody was looked up': of(
    { pull: { ...merged.pull, fromFork: true }, without: ['requester', 'role', 'policies'] },
    merged,
  ),
  'more files than are looked into': bare(...many(101)),
  'more files than are looked into, merged': of(
    { facts: { changes: many(101), requests: [], reviews: [] } },
    merged,
  ),
  'by a bot': of({ pull: { authorIsUser: false } }),
  'a draft': of({ pull: { draft: true } }),
  'a draft, merged': of({ pull: { draft: true } }, merged),
  closed: of({ pull: { state: 'closed' } }),
  'one other shares its head': of({ pull: { sharing: [8] } }),
  'two others share its head': of({ pull: { sharing: [9, 8] } }),
  'shared, and merged': of({ pull: { sharing: [8] } }, merged),
  'merged before it was forecast': of({ pull: { merged: { at: now, commit: 'm', onBranch: true } } }),
  'no merge to be told of': { ...merged, pull: open.pull },
  'a merge that is not on the branch': of(
    { pull: { merged: { at: now, commit: 'm', onBranch: false } } },
    merged,
  ),
  'at the end of the window': of(
    { pull: { merged: { at: now - hour, commit: 'm', onBranch: true } } },
    merged,
  ),
  'after the window': of(
    { pull: { merged: { at: now - hour - 1000, commit: 'm', onBranch: true } } },
    merged,
  ),
  'after the window, and trouble': of(
    {
      pull: { merged: { at: now - 2 * hour, commit: 'm', onBranch: true } },
      facts: { troubles: ['GitHub is away'] },
    },
    merged,
  ),
  'a merge at no time': of({ pull: { merged: { at: Number.NaN, commit: 'm', onBranch: true } } }, merged),
  trouble: of({ facts: { troubles: ['GitHub is away'] } }),
  'trouble and a refusal': of({ facts: { troubles: ['GitHub is away'] }, request: { usedUp: true } }),
  'trouble and a refusal, merged': of(
    { facts: { troubles: ['GitHub is away'] }, request: { usedUp: true } },
    merged,
  ),
  'no accepted policies': of({ facts: { policy: { missing: 'nothing is accepted' } } }),
  'policies that were not asked': of({ without: ['policies'] }),
  'policies that were not asked of a used path': of({ without: ['policies'], request: { usedUp: true } }),
}
