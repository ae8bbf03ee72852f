import { type RequestView, requestSchema } from '../api.ts'
import { type Client, clientFor } from '../client.ts'
import type { CliDeps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { stateColour, styleFor } from '../terminal/style.ts'
import { waitFor } from '../terminal/wait.ts'
import { type Args, flag, text, type Verb } from '../verb.ts'

/** How long the read-back that says gone is waited for. */
const goneMs = 60_000
const running = ['scheduled', 'provisioning', 'active', 'revoking', 'quarantined']
const over = ['ended', 'failed', 'refused']

export const revoke: Verb = {
  name: 'revoke',
  summary: 'End a grant now, or every grant of a person',
  words: ['[id]'],
  options: [
    { flags: '--reason <text>', summary: 'why; recorded in the ledger' },
    { flags: '--user <who>', summary: 'with --all: of this person, login or e-mail address' },
    { flags: '--all', summary: 'every grant that is not over' },
  ],
  remote: true,
  json: true,

  async run(deps, args) {
    const client = clientFor(deps, args)
    const ids = await chosen(client, args)
    const results: RequestView[] = []
    let refused = 0
    for (const id of ids) {
      try {
        results.push(await end(deps, client, id, text(args, 'reason')))
      } catch (error) {
        // One that cannot be revoked must not shield the others.
        if (!(error instanceof Failure) || ids.length === 1) throw error
        refused += 1
        deps.err.write(`${id}: ${error.message}\n`)
      }
    }
    const style = styleFor(deps.out, deps.env)
    if (args.output === 'json') deps.out.write(`${JSON.stringify(results, null, 2)}\n`)
    else if (ids.length === 0) deps.out.write('No grants to revoke.\n')
    else
      for (const row of results)
        deps.out.write(
          `Request ${row.id} → ${stateColour(style, row.state)}${row.cause === undefined ? '' : ` (${row.cause})`}\n`,
        )
    if (refused > 0) return 1
    const pending = results.filter((row) => !over.includes(row.state))
    if (pending.length > 0)
      throw new Failure(
        'unknown',
        `${pending.length === 1 ? 'It is' : `${pending.length} of them are`} not confirmed gone yet.`,
        'gitsudo keeps trying; gitsudo status shows when it is',
      )
    return 0
  },
}

async function chosen(client: Client, args: Args): Promise<readonly string[]> {
  const [id] = args.words
  const user = text(args, 'user')
  if (id !== undefined && user === undefined && !flag(args, 'all')) return [id]
  if (id !== undefined || user === undefined || !flag(args, 'all'))
    throw new Failure(
      'usage',
      'Name one grant, or a person and --all.',
      'gitsudo revoke ID, or gitsudo revoke --user WHO --all',
    )
  const rows = await client.get('/api/v1/requests', requestSchema.array(), { user, repo: text(args, 'repo') })
  return rows.filter(({ state }) => running.includes(state)).map((row) => row.id)
}

/** Asks, then waits for the cloud's word: only a read-back makes it *ended*. */
async function end(
  deps: CliDeps,
  client: Client,
  id: string,
  reason: string | undefined,
): Promise<RequestView> {
  const path = `/api/v1/requests/${encodeURIComponent(id)}`
  const asked = await client.post(`${path}/revoke`, requestSchema, reason === undefined ? {} : { reason })
  const gone = await waitFor(
    deps,
    `${asked.id} is revoked`,
    async () => {
      const row = await client.get(path, requestSchema)
      return over.includes(row.state) ? row : undefined
    },
    { everyMs: 500, limitMs: goneMs },
  )
  return gone ?? (await client.get(path, requestSchema))
}
