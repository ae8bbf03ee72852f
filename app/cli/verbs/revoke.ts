import { atMost } from '../../reconcile/at-most.ts'
import { type RequestView, requestSchema } from '../api.ts'
import { type Client, clientFor } from '../client.ts'
import type { CliDeps } from '../deps.ts'
import { exitStatus, Failure } from '../failure.ts'
import { said } from '../terminal/said.ts'
import { stateColour, styleFor } from '../terminal/style.ts'
import { waitFor } from '../terminal/wait.ts'
import { type Args, flag, text, type Verb } from '../verb.ts'

/** How long the read-back that says gone is waited for. */
const goneMs = 60_000
/** Asked for at once. */
const mostAtOnce = 16
const running = ['scheduled', 'provisioning', 'active', 'revoking', 'quarantined']
const over = ['ended', 'failed', 'refused']

export const revoke: Verb = {
  name: 'revoke',
  summary: 'End a grant now, or every grant of a person',
  words: ['[id]'],
  options: [
    { flags: '--reason <text>', summary: 'why; recorded in the ledger, and shown on the pull request' },
    { flags: '--user <who>', summary: 'with --all: of this person, login or e-mail address' },
    { flags: '--all', summary: 'every grant that is not over' },
  ],
  remote: true,
  json: true,

  async run(deps, args) {
    const client = clientFor(deps, args)
    const { ids, list, partial } = await chosen(client, args)
    const { asked, failed } = await askAll(client, ids, text(args, 'reason'))
    for (const [id, { message }] of failed) deps.err.write(said`${id} is not revoked: ${message}\n`)
    const results = await gone(deps, client, list, asked)
    if (partial !== undefined)
      deps.err.write(
        said`What ${text(args, 'user') ?? ''} has under another login may be left. ${partial.message}\n`,
      )
    const style = styleFor(deps.out, deps.env)
    if (args.output === 'json') deps.out.write(`${JSON.stringify(results, null, 2)}\n`)
    else if (ids.length === 0) deps.out.write('No grants to revoke.\n')
    else
      for (const row of results)
        deps.out.write(
          said`Request ${row.id} → ${stateColour(style, row.state)}${row.cause === undefined ? '' : ` (${row.cause})`}\n`,
        )
    const pending = results.filter((row) => !over.includes(row.state)).map(({ id }) => id)
    const are = pending.length === 1 ? 'is' : 'are'
    const unconfirmed = `${pending.join(', ')} ${are} not confirmed gone yet.`
    if ([...failed.values()].some(({ kind }) => kind !== 'unknown')) {
      if (pending.length > 0) deps.err.write(said`${unconfirmed}\n`)
      return exitStatus.refused
    }
    if (pending.length > 0)
      throw new Failure('unknown', unconfirmed, 'gitsudo keeps trying; gitsudo status shows when it is')
    return failed.size > 0 || partial !== undefined ? exitStatus.unknown : 0
  },
}

type List = () => Promise<readonly RequestView[]>
type Chosen = {
  readonly ids: readonly string[]
  readonly list: List
  /** Why the person's other logins are not known. */
  readonly partial?: Failure
}

async function chosen(client: Client, args: Args): Promise<Chosen> {
  const [id] = args.words
  const user = text(args, 'user')
  const all = (more: { readonly user?: string } = {}) =>
    client.get('/api/v1/requests', requestSchema.array(), { ...more, repo: text(args, 'repo') })
  if (id !== undefined && user === undefined && !flag(args, 'all')) return { ids: [id], list: all }
  if (id !== undefined || user === undefined || !flag(args, 'all'))
    throw new Failure(
      'usage',
      'Name one grant, or a person and --all.',
      'gitsudo revoke ID, or gitsudo revoke --user WHO --all',
    )
  const idsOf = (rows: readonly RequestView[]) =>
    rows.filter(({ state }) => running.includes(state)).map((row) => row.id)
  const list = () => all({ user })
  try {
    return { ids: idsOf(await list()), list }
  } catch (error) {
    if (!(error instanceof Failure && error.kind === 'unknown')) throw error
    // Nobody can tell who that is, but what bears this very login is this person's: it must not last meanwhile.
    const same = ({ requester }: RequestView) => requester?.toLowerCase() === user.toLowerCase()
    const ids = idsOf((await all()).filter(same))
    if (ids.length === 0) throw error
    return { ids, list: all, partial: error }
  }
}

/**
 * Asks for each, a few at a time: one that cannot be revoked must not shield the others.
 * @throws Failure what the only one met
 */
async function askAll(
  client: Client,
  ids: readonly string[],
  reason: string | undefined,
): Promise<{ readonly asked: readonly RequestView[]; readonly failed: ReadonlyMap<string, Failure> }> {
  const turn = atMost(mostAtOnce)
  const answers = await Promise.allSettled(
    ids.map((id) =>
      turn(() => client.post(`${pathOf(id)}/revoke`, requestSchema, reason === undefined ? {} : { reason })),
    ),
  )
  const asked: RequestView[] = []
  const failed = new Map<string, Failure>()
  for (const [at, answer] of answers.entries()) {
    if (answer.status === 'fulfilled') asked.push(answer.value)
    else if (answer.reason instanceof Failure && ids.length > 1) failed.set(ids[at] ?? '', answer.reason)
    else throw answer.reason
  }
  return { asked, failed }
}

/** Waits for the clouds' word: only a read-back makes a grant *ended*. @returns what is known of each at last */
async function gone(
  deps: CliDeps,
  client: Client,
  list: List,
  asked: readonly RequestView[],
): Promise<readonly RequestView[]> {
  const [first] = asked
  if (first === undefined) return []
  const known = new Map(asked.map((row) => [row.id, row]))
  const look = async () => {
    const rows = asked.length === 1 ? [await client.get(pathOf(first.id), requestSchema)] : await list()
    for (const row of rows) if (known.has(row.id)) known.set(row.id, row)
    return [...known.values()].every(({ state }) => over.includes(state)) || undefined
  }
  const what = asked.length === 1 ? `${first.id} is revoked` : `${asked.length} grants are revoked`
  await waitFor(deps, what, look, { everyMs: 500, limitMs: goneMs })
  return [...known.values()]
}

const pathOf = (id: string): string => `/api/v1/requests/${encodeURIComponent(id)}`
