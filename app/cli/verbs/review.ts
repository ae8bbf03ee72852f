import { clientConfigurationSchema, type RequestWithDecision, requestWithDecisionSchema } from '../api.ts'
import { clientFor } from '../client.ts'
import { whoCanApprove } from '../decision-text.ts'
import type { CliDeps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { githubAsUser } from '../github.ts'
import { requestDetails } from '../show.ts'
import { said } from '../terminal/said.ts'
import { stateColour, styleFor } from '../terminal/style.ts'
import { waitFor } from '../terminal/wait.ts'
import { type Args, need, text, type Verb, word } from '../verb.ts'

/** How long the decision that has seen the review is waited for. */
const decisionMs = 15_000

export const approve: Verb = {
  name: 'approve',
  summary: 'Approve a request: a GitHub review of its pull request, as you',
  words: ['<id>'],
  options: [{ flags: '--comment <text>', summary: 'said with the review' }],
  remote: true,
  json: true,
  run: (deps, args) => review(deps, args, 'APPROVE', text(args, 'comment') ?? ''),
}

export const deny: Verb = {
  name: 'deny',
  summary: 'Deny a request: a GitHub review that asks for changes, as you',
  words: ['<id>'],
  options: [{ flags: '--reason <text>', summary: 'why; the requester reads it', required: true }],
  remote: true,
  json: true,
  run: (deps, args) => review(deps, args, 'REQUEST_CHANGES', need(args, 'reason')),
}

/** Reviews exactly the commit that the service has decided on, so that nobody slips another one in between. */
async function review(
  deps: CliDeps,
  args: Args,
  event: 'APPROVE' | 'REQUEST_CHANGES',
  body: string,
): Promise<number> {
  const client = clientFor(deps, args)
  const path = `/api/v1/requests/${encodeURIComponent(word(args, 0))}`
  const before = await client.get(path, requestWithDecisionSchema)
  if (before.repository === undefined || !['pending', 'approved', 'denied'].includes(before.state))
    throw new Failure('refused', `${before.id} is ${before.state}: there is nothing to review.`)
  const { github_api_url: apiUrl } = await client.get(
    '/api/v1/client-configuration',
    clientConfigurationSchema,
  )
  const human = args.output === 'table'
  if (human) deps.out.write(`${requestDetails(before, deps)}\n`)
  await githubAsUser(deps, apiUrl, client.token ?? '').review({
    repository: before.repository,
    pull: before.pull_request,
    commit: before.head_sha,
    event,
    body,
  })

  const tell = (row: RequestWithDecision | undefined) => {
    const style = styleFor(deps.out, deps.env)
    if (!human) deps.out.write(`${JSON.stringify(row ?? before, null, 2)}\n`)
    else if (row === undefined)
      deps.out.write(said`Review submitted; gitsudo status ${before.id} shows what becomes of it\n`)
    else {
      const whose = row.state === 'pending' ? whoCanApprove(row) : ''
      deps.out.write(said`Request ${row.id} → ${stateColour(style, row.state)}${whose}\n`)
    }
  }
  const look = async () => {
    const row = await client.get(path, requestWithDecisionSchema)
    return row.state !== before.state || (row.decision?.at ?? 0) > (before.decision?.at ?? 0)
      ? row
      : undefined
  }
  const limits = { everyMs: 500, limitMs: decisionMs }
  const after = await waitFor(deps, 'gitsudo decides anew', look, limits).catch((error: unknown) => {
    tell(undefined)
    throw error
  })
  tell(after)
  return 0
}
