import type { components } from '@octokit/openapi-types'
import type { Commit, Signature } from '../git-objects.ts'
import type { CommitPaths } from '../history.ts'
import { noReplyAddress } from '../state/account.ts'
import type { Repository } from '../state/repository.ts'
import { accountOf, type World } from '../state/world.ts'
import { repositoryApi, repositoryPage } from './repository.ts'
import { iso, nodeId } from './time.ts'
import { userShape } from './user.ts'

/** The account that an address belongs to: its own, or the number in GitHub's no-reply form. */
export function accountByEmail(world: World, email: string) {
  const numbered = /^(\d+)\+.*@users\.noreply\.github\.com$/i.exec(email)
  if (numbered) return world.accounts.get(Number(numbered[1]))
  if (email === '') return undefined
  return world.accounts
    .values()
    .find((account) => !account.removed && account.email?.toLowerCase() === email.toLowerCase())
}

function verification(repository: Repository, commit: Commit) {
  if (repository.webCommits.has(commit.sha)) {
    // The bare repository holds no signature for these: this GitHub has no key that anybody could check.
    const signature = `-----BEGIN PGP SIGNATURE-----\n\n${commit.sha}\n-----END PGP SIGNATURE-----`
    return {
      verified: true,
      reason: 'valid',
      signature,
      payload: commit.payload,
      verified_at: iso(commit.committer.at),
    }
  }
  if (commit.signature === null)
    return { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null }
  const { signature, payload } = commit
  return { verified: false, reason: 'unknown_key', signature, payload, verified_at: null }
}

const signatureShape = (who: Signature) => ({ name: who.name, email: who.email, date: iso(who.at) })

/** A commit of the git database. */
export function gitCommitShape(world: World, repository: Repository, commit: Commit) {
  const api = repositoryApi(world, repository)
  const page = repositoryPage(world, repository)
  return {
    sha: commit.sha,
    node_id: nodeId('C', repository.id),
    url: `${api}/git/commits/${commit.sha}`,
    html_url: `${page}/commit/${commit.sha}`,
    author: signatureShape(commit.author),
    committer: signatureShape(commit.committer),
    tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    message: commit.message,
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/git/commits/${sha}`,
      html_url: `${page}/commit/${sha}`,
    })),
    verification: verification(repository, commit),
  } satisfies components['schemas']['git-commit']
}

/** A commit as lists show it: with the accounts of its author and committer. */
export function commitShape(world: World, repository: Repository, commit: Commit) {
  const api = repositoryApi(world, repository)
  const page = repositoryPage(world, repository)
  const account = (email: string) => {
    const found = email === 'noreply@github.com' ? world.webFlow : accountByEmail(world, email)
    return found ? userShape(world, found) : null
  }
  return {
    sha: commit.sha,
    node_id: nodeId('C', repository.id),
    commit: {
      author: signatureShape(commit.author),
      committer: signatureShape(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: verification(repository, commit),
    },
    url: `${api}/commits/${commit.sha}`,
    html_url: `${page}/commit/${commit.sha}`,
    comments_url: `${api}/commits/${commit.sha}/comments`,
    author: account(commit.author.email),
    committer: account(commit.committer.email),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/commits/${sha}`,
      html_url: `${page}/commit/${sha}`,
    })),
  } satisfies components['schemas']['commit']
}

/** A commit as check suites name it. */
export function simpleCommit(commit: Commit) {
  const person = ({ name, email }: Signature) => ({ name, email })
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: iso(commit.committer.at),
    author: person(commit.author),
    committer: person(commit.committer),
  } satisfies components['schemas']['simple-commit']
}

/** A commit in a push event. */
export function pushedCommit(world: World, repository: Repository, commit: Commit, paths: CommitPaths) {
  const person = (who: Signature) => {
    const account = accountByEmail(world, who.email)
    return { name: who.name, email: who.email, ...(account ? { username: account.login } : {}) }
  }
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: iso(commit.committer.at),
    url: `${repositoryPage(world, repository)}/commit/${commit.sha}`,
    author: person(commit.author),
    committer: person(commit.committer),
    added: paths.added,
    modified: paths.modified,
    removed: paths.removed,
  }
}

/** What a person's commits made on GitHub's pages are signed with. */
export function webAuthor(world: World, accountId: number): Signature {
  const account = accountOf(world, accountId)
  return { name: account.name ?? account.login, email: noReplyAddress(account), at: world.clock.now() }
}

/** The committer of everything that GitHub's pages make. */
export function webCommitter(world: World): Signature {
  return { name: 'GitHub', email: 'noreply@github.com', at: world.clock.now() }
}
