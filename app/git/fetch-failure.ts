import type { Sha } from '../reconcile/ports/git.ts'

export type FetchFailure =
  | { readonly kind: 'no-commit'; readonly sha: Sha }
  | { readonly kind: 'no-branch' }
  | { readonly kind: 'remote'; readonly why: string }
  /** Nothing that the network or the server is known to cause: the mirror itself is suspect. */
  | { readonly kind: 'local'; readonly why: string }

const noCommit = /not our ref ([0-9a-f]{40})/
const noBranch = /couldn't find remote ref/
const remote = new RegExp(
  [
    'unable to access',
    'Could not resolve',
    'requested URL returned error',
    'Authentication failed',
    'could not read (Username|Password)',
    'RPC failed',
    'early EOF',
    'hung up',
    'unexpected disconnect',
    'timed out',
    '[Rr]epository .*not (found|exported)',
    'does not appear to be a git repository',
    'Could not read from remote',
    'unable to update url base from redirection',
    'remote error',
    'remote side',
    'expected flush',
    'protocol error',
    'bad line length',
    'No space left',
    'Cannot allocate memory',
    'Too many open files',
  ].join('|'),
)

/** Reads git's own words (LC_ALL=C); there is no other account of why a fetch failed. */
export function explainFetchFailure(stderr: string): FetchFailure {
  const sha = noCommit.exec(stderr)?.[1]
  if (sha !== undefined) return { kind: 'no-commit', sha }
  if (noBranch.test(stderr)) return { kind: 'no-branch' }
  const why = stderr.split('\n').slice(-4).join('; ') || 'git gave no reason'
  return { kind: remote.test(stderr) ? 'remote' : 'local', why }
}
