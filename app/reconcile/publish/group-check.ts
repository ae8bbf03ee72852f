import type { GroupDecision } from '../../decision/merge-group.ts'
import { groupMarkdown } from '../../decision/render-markdown.ts'
import type { CheckRun, RepositoryApi } from '../ports/github.ts'
import { conclusions, titleOf } from './check.ts'

/** Shows what was decided on a merge group on its head, where branch protection looks for it. */
export const showGroupCheck = async (
  api: RepositoryApi,
  repository: number,
  decision: GroupDecision,
): Promise<void> => {
  const check: CheckRun = {
    headSha: decision.head,
    externalId: `gitsudo:${repository}:group:${decision.head}`,
    ...(decision.verdict === 'not_yet'
      ? { status: 'in_progress' as const }
      : { status: 'completed' as const, conclusion: conclusions[decision.verdict] }),
    title: titleOf(decision),
    summary: groupMarkdown(decision),
    annotations: [],
  }
  const there = await api.findCheck(check.headSha, check.externalId)
  if (there === undefined) await api.createCheck(check)
  else await api.updateCheck(there, check)
}

/**
 * Says on each pull request that kept the group from passing why the queue lets it go: GitHub shows the group's own
 * check only to who goes looking for it. Once for each group.
 */
export const sayOnMembers = async (
  api: RepositoryApi,
  repository: number,
  decision: GroupDecision,
): Promise<void> => {
  const mark = `<!-- gitsudo:${repository}:group:${decision.head} -->`
  const intro =
    'Not merged by the merge queue. Once this is put right, add the pull request to the queue again.'
  for (const pull of decision.failing) {
    if ((await api.findComment(pull, mark)) !== undefined) continue
    await api.createComment(pull, [mark, intro, '', groupMarkdown(decision)].join('\n'))
  }
}
