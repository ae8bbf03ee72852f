import { listed } from '../request/listed.ts'
import { canonicalPath } from '../request/path.ts'
import { plainMode } from '../request/plain.ts'
import type { RuleNode } from './decision.ts'
import type { Facts, PathFact } from './facts.ts'
import { byText } from './order.ts'
import { check, group, rule } from './rule.ts'

export type Touched = {
  /** Files under `requests/` that are new, and those whose grant the merge revokes. */
  readonly added: readonly PathFact[]
  readonly revoked: readonly PathFact[]
  readonly policies: readonly PathFact[]
  /** Not ours, but some file system takes it for ours (trust.md 6.11). */
  readonly colliding: readonly PathFact[]
  readonly others: readonly PathFact[]
}

/** Sorts the pull request's paths by what they are to us. */
export const touchedBy = (changes: readonly PathFact[]): Touched => {
  const sorted = changes.toSorted((a, b) => byText(a.path, b.path))
  const of = (kind: string) => sorted.filter((change) => kindOf(change) === kind)
  return {
    added: of('added'),
    revoked: of('revoked'),
    policies: of('policies'),
    colliding: of('colliding'),
    others: of('others'),
  }
}

const kindOf = ({ path, kind }: PathFact): keyof Touched => {
  if (path.startsWith('requests/')) return kind === 'added' ? 'added' : 'revoked'
  if (path.startsWith('policies/')) return 'policies'
  const root = path.split('/', 1)[0] ?? ''
  const folded = root
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
  return kind !== 'deleted' && (folded === 'requests' || folded === 'policies') ? 'colliding' : 'others'
}

/** A pull request brings at most so many requests: each is read, looked up and put to the policies beside the others. */
const mostRequests = 100

/** More new files under `requests/` than are looked into: nothing further is asked about any, for all are refused. */
export const isCrowded = ({ added }: Touched): boolean => added.length > mostRequests

/** A change of `policies/` and of nothing under `requests/`: the policy owners' to decide (trust.md 1.3). */
export const proposes = ({ added, revoked, policies }: Touched): boolean =>
  policies.length > 0 && added.length + revoked.length === 0

/** Nothing that gitsudo decides about: `others` alone. */
export const isIdle = (touched: Touched, facts: Facts): boolean =>
  facts.requests.length === 0 &&
  touched.added.length + touched.revoked.length + touched.policies.length + touched.colliding.length === 0

/** What may be changed together, and how (product.md, The access repository; trust.md 6.11). */
export const pathRules = (touched: Touched): readonly RuleNode[] => {
  const { added, revoked, policies, colliding, others } = touched
  const crowded = isCrowded(touched)
  const nodes: RuleNode[] = []
  if (policies.length > 0) {
    nodes.push(
      rule(
        '1.3',
        'Policies stay as accepted',
        'unmet',
        'no change under policies/',
        `it changes ${named(policies)}`,
        {
          remedy: 'propose policies in a pull request of their own',
        },
      ),
    )
  }
  if (added.length + revoked.length > 0) {
    const beside = [...policies, ...colliding, ...others]
    nodes.push(
      check(
        'requests',
        'Requests and nothing else',
        beside.length === 0,
        'changes under requests/ only',
        beside.length === 0 ? named([...added, ...revoked]) : `beside requests/ it changes ${named(beside)}`,
        'put them into another pull request',
      ),
    )
  }
  if (crowded)
    nodes.push(
      rule(
        'requests',
        'Not too many at once',
        'unmet',
        `at most ${mostRequests} new files under requests/`,
        `it adds ${added.length} files under requests/, and a pull request may add ${mostRequests}`,
        { remedy: 'open several pull requests' },
      ),
    )
  const changed = revoked.filter(({ kind }) => kind === 'changed')
  // Past the bound a line for each would be as long as somebody likes.
  const files = [...(crowded ? [] : added), ...changed, ...colliding]
  if (files.length > 0)
    nodes.push(
      group(
        '6.11',
        'Plain files at canonical paths',
        'forecast',
        'requests/YYYY/MM/<slug>.yaml, mode 100644',
        files.map(plain),
      ),
    )
  if (changed.length > 0)
    nodes.push(
      rule(
        '3.4',
        'Merged requests stay as they are',
        'unmet',
        'request files that are new or deleted',
        `${named(changed)} would change: requests are immutable once merged`,
        { remedy: 'ask for more in a new file' },
      ),
    )
  if (revoked.length > 0) nodes.push(rule('3.4', 'Merging revokes', 'met', 'known', named(revoked)))
  return nodes
}

const plain = ({ path, mode }: PathFact): RuleNode => {
  const canonical = canonicalPath(path)
  const needed = 'a plain file at a canonical path'
  if (!canonical.ok)
    return rule('6.11', path, 'unmet', needed, canonical.message, { remedy: canonical.remedy })
  return check(
    '6.11',
    path,
    mode === plainMode,
    needed,
    mode === plainMode ? `mode ${plainMode}` : `${path} has mode ${mode ?? 'unknown'}, not ${plainMode}`,
    'add it as a plain, not executable file',
  )
}

const named = (changes: readonly PathFact[]): string =>
  listed([...new Set(changes.map(({ path }) => path))], 5)
