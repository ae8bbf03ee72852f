import { eventSchema } from '../api.ts'
import { clientFor } from '../client.ts'
import { instant } from '../since.ts'
import { styleFor } from '../terminal/style.ts'
import { table } from '../terminal/table.ts'
import { text, type Verb } from '../verb.ts'
import { refuseRepository } from '../which-repository.ts'

/** What the service answers without a limit. */
const newest = 1_000

export const audit: Verb = {
  name: 'audit',
  summary: 'Read the ledger: all of it as administrator or auditor, else what concerns you',
  options: [
    { flags: '--user <who>', summary: 'by or about this person: login or e-mail address' },
    { flags: '--request <id>', summary: 'about this request' },
    { flags: '--since <when>', summary: 'from then on: 24h, 7d, or a time of RFC 3339' },
    { flags: '--until <when>', summary: 'up to then' },
    { flags: '--limit <count>', summary: 'the newest so many (1000)' },
  ],
  remote: true,
  json: true,

  async run(deps, args) {
    refuseRepository(args, 'The ledger is of', 'leave it out, or name a request with --request')
    const moment = (name: string) => {
      const value = text(args, name)
      return value === undefined ? undefined : instant(value, deps.clock.now())
    }
    const events = await clientFor(deps, args).get('/api/v1/audit', eventSchema.array(), {
      user: text(args, 'user'),
      request: text(args, 'request'),
      since: moment('since'),
      until: moment('until'),
      limit: text(args, 'limit'),
    })
    if (text(args, 'limit') === undefined && events.length >= newest)
      deps.err.write(
        `These are the newest ${newest} events; older ones may be left out: --until, --since and --limit say which.\n`,
      )
    if (args.output === 'json') {
      deps.out.write(`${JSON.stringify(events, null, 2)}\n`)
      return 0
    }
    const style = styleFor(deps.out, deps.env)
    const rows = events.map(({ seq, at, actor, type, request, grant }) => [
      String(seq),
      at,
      actor.login ?? actor.id,
      type,
      request ?? grant ?? '',
    ])
    const head = ['SEQ', 'TIMESTAMP', 'ACTOR', 'ACTION', 'REQUEST ID'].map((title) => style.bold(title))
    deps.out.write(rows.length === 0 ? 'No events.\n' : table(head, rows))
    return 0
  },
}
