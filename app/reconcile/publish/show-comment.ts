import type { RepositoryApi } from '../ports/github.ts'
import type { Projection } from '../ports/store.ts'

/**
 * Writes the one comment, or edits it. That it is about to be written is saved first: a stage without a
 * comment's id means that GitHub was asked and nobody heard its answer, so that our comment is looked for.
 * @param mark what no other comment of ours on this pull request holds
 */
export const showComment = async (
  api: RepositoryApi,
  comment: { readonly pull: number; readonly stage: string; readonly body: string; readonly mark: string },
  projection: Projection,
  save: (next: Projection) => Promise<void>,
): Promise<void> => {
  const { pull, stage, body, mark } = comment
  const shown = { ...projection, commentDigest: stage }
  if (projection.commentDigest === undefined) {
    await save(shown)
    await save({ ...shown, commentId: await api.createComment(pull, body) })
    return
  }
  const there = projection.commentId ?? (await api.findComment(pull, mark))
  if (there !== undefined) await api.editComment(there, body)
  await save({ ...shown, commentId: there ?? (await api.createComment(pull, body)) })
}
