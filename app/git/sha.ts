import { GitError, type Sha } from '../reconcile/ports/git.ts'

const sha = /^[0-9a-f]{40}$/

export const isSha = (text: string): text is Sha => sha.test(text)

/** Nothing but a full object id ever reaches a git process: no revision syntax, option or newline can hide in one. */
export function requireSha(text: string): Sha {
  if (!isSha(text)) throw new GitError('missing', `${JSON.stringify(text)} is not a full commit or object id`)
  return text
}
