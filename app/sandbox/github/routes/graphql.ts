import { allow, need } from '../access.ts'
import { type Answer, type Call, callerOf, type Route } from '../call.ts'
import { commitOnBranch } from '../change/commit-on-branch.ts'
import { setDraft } from '../change/draft.ts'
import { dequeuePull, enqueuePull, queueOf } from '../change/merge-queue.ts'
import { GitHubError, invalid } from '../errors.ts'
import { pick, readMutation } from '../graphql/document.ts'
import { queueEntryShape } from '../shapes/merge-queue.ts'
import { nodeId } from '../shapes/time.ts'
import type { Pull } from '../state/pull.ts'
import type { Repository } from '../state/repository.ts'

type Input = Readonly<Record<string, unknown>>
type Found = { readonly repository: Repository; readonly pull: Pull }

/** https://docs.github.com/en/graphql/reference/mutations: what REST cannot do. */
const mutations: Readonly<Record<string, (call: Call, input: Input) => Promise<Input>>> = {
  enqueuePullRequest: async (call, input) => {
    const { repository, pull } = named(call, input.pullRequestId)
    mayMerge(call, repository)
    const expectedHead = typeof input.expectedHeadOid === 'string' ? input.expectedHeadOid : null
    const order = { actorId: callerOf(call).id, expectedHead }
    return repository.exclusively(async () => {
      const entry = await enqueuePull(call.world, repository, pull, order)
      return { mergeQueueEntry: queueEntryShape(queueOf(repository, pull.base.ref), entry) }
    })
  },
  dequeuePullRequest: async (call, input) => {
    const { repository, pull } = named(call, input.id)
    mayMerge(call, repository)
    return repository.exclusively(async () => {
      const queue = queueOf(repository, pull.base.ref)
      const entry = await dequeuePull(call.world, repository, pull, callerOf(call).id)
      return { mergeQueueEntry: entry ? queueEntryShape(queue, entry) : null }
    })
  },
  createCommitOnBranch: commitOnBranch,
  convertPullRequestToDraft: (call, input) => draft(call, input, true),
  markPullRequestReadyForReview: (call, input) => draft(call, input, false),
}

async function draft(call: Call, input: Input, wanted: boolean): Promise<Input> {
  const { repository, pull } = named(call, input.pullRequestId)
  const caller = callerOf(call)
  const role = caller.id === pull.issue.authorId ? 'read' : 'write'
  allow(call.world, call.actor, repository, need('pull_requests', 'write', role))
  await repository.exclusively(() => setDraft(call.world, repository, pull, caller.id, wanted))
  return {
    pullRequest: { id: nodeId('PR', pull.id), number: pull.issue.number, isDraft: pull.draft },
  }
}

function mayMerge(call: Call, repository: Repository): void {
  allow(call.world, call.actor, repository, need('pull_requests', 'write'))
  allow(call.world, call.actor, repository, need('contents', 'write'))
}

function named(call: Call, id: unknown): Found {
  for (const repository of call.world.repositories.values()) {
    const pull = repository.pulls.values().find((each) => nodeId('PR', each.id) === id)
    if (!pull) continue
    allow(call.world, call.actor, repository, need('pull_requests', 'read'))
    return { repository, pull }
  }
  throw new GitHubError(404, `Could not resolve to a node with the global id of '${String(id)}'`)
}

const KINDS: Readonly<Record<number, string>> = { 403: 'FORBIDDEN', 404: 'NOT_FOUND', 409: 'STALE_DATA' }

/** GraphQL answers 200 whatever went wrong inside, except to who is nobody. */
async function answer(call: Call): Promise<Answer> {
  callerOf(call)
  const variables = call.body.raw('variables')
  const given = typeof variables === 'object' && variables !== null ? { ...variables } : {}
  const failed = (error: GitHubError, field?: string) => ({
    status: 200,
    body: {
      ...(field === undefined ? {} : { data: { [field]: null } }),
      errors: [
        {
          type: KINDS[error.status] ?? 'UNPROCESSABLE',
          ...(field === undefined ? {} : { path: [field] }),
          locations: [{ line: 1, column: 1 }],
          message: error.message,
        },
      ],
    },
  })
  let field: string | undefined
  try {
    const asked = readMutation(call.body.text('query'), given)
    field = asked.field
    const mutation = mutations[field]
    if (!mutation) throw invalid(`Field '${field}' doesn't exist on type 'Mutation'`)
    const told = {
      clientMutationId: asked.input.clientMutationId ?? null,
      ...(await mutation(call, asked.input)),
    }
    return { status: 200, body: { data: { [field]: pick(asked.selection, told) } } }
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error
    return failed(error, field)
  }
}

/** Below `/api`, beside REST's `/api/v3`. */
export const graphqlRoute: Route = { method: 'POST', path: '/graphql', handle: answer }
