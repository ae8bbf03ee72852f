import { digestOf } from '../../audit/digest.ts'
import type { CheckRun, RepositoryApi } from '../ports/github.ts'
import type { Projection } from '../ports/store.ts'

/** Marks what was shown of a check that is still in progress. */
const waiting = 'in_progress:'
/** Marks what was shown on a head that belonged to several pull requests. */
const shared = 'shared:'

/** Whether the check that was shown last is still in progress. */
export const isWaiting = ({ checkDigest }: Projection): boolean => checkDigest?.startsWith(waiting) === true

/**
 * Creates or updates the check of a head. That it is about to be created is saved first: a head without a
 * check's id means that GitHub was asked and nobody heard its answer, so that its check is looked for. Of two checks
 * on one head the later one counts: who had to share it and is alone again makes a new one (trust.md 6.06a).
 * @param `sharing`: another open pull request has the same head
 */
export const showCheck = async (
  api: RepositoryApi,
  { check, sharing }: { readonly check: CheckRun; readonly sharing: boolean },
  projection: Projection,
  save: (next: Projection) => Promise<void>,
): Promise<void> => {
  const { headSha } = check
  const digest = `${sharing ? shared : check.status === 'in_progress' ? waiting : ''}${digestOf({ ...check })}`
  const aloneAgain = !sharing && projection.checkDigest?.startsWith(shared) === true
  const { checkId, ...others } = projection
  const shown = { ...others, checkSha: headSha, checkDigest: digest }
  if (projection.checkSha !== headSha || aloneAgain) {
    await save(shown)
    await save({ ...shown, checkId: await api.createCheck(check) })
    return
  }
  if (checkId !== undefined && projection.checkDigest === digest) return
  const there = checkId ?? (await api.findCheck(headSha, check.externalId))
  if (there !== undefined) await api.updateCheck(there, check)
  await save({ ...shown, checkId: there ?? (await api.createCheck(check)) })
}
