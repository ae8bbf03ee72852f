import { type Commit, GitError, type Sha, type Signatory } from '../reconcile/ports/git.ts'
import { coAuthorsOf } from './co-authors.ts'
import type { Objects } from './objects.ts'
import { own } from './own.ts'
import { isSha } from './sha.ts'

/** No commit message needs more; a larger one is refused rather than half read. */
const commitLimit = 1024 * 1024

export type ReadCommit = Commit & { readonly tree: Sha }

const signatory = /^(.*?) ?<([^<>]*)>/

export async function commitOf(objects: Objects, sha: Sha): Promise<ReadCommit> {
  const text = (await objects.contents(sha, 'commit', commitLimit)).toString('utf8')
  const blank = text.indexOf('\n\n')
  const lines = (blank < 0 ? text : text.slice(0, blank)).split('\n')
  const message = blank < 0 ? '' : text.slice(blank + 2)
  const all = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => own(line.slice(name.length + 1)))
  const tree = all('tree')[0]
  const parents = all('parent')
  if (!tree || !isSha(tree) || !parents.every(isSha))
    throw new GitError('corrupt', `commit ${sha} cannot be read`)
  return {
    sha,
    tree,
    parents,
    author: parseSignatory(all('author')[0]),
    committer: parseSignatory(all('committer')[0]),
    coAuthors: coAuthorsOf(message),
  }
}

/** A line that names nobody yields an address that resolves to nobody, which no approval survives (trust.md 2.8). */
function parseSignatory(line = ''): Signatory {
  const [, name = '', email = ''] = signatory.exec(line) ?? []
  return { name, email }
}
