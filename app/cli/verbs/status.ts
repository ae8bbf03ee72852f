import { clientConfigurationSchema, requestSchema, requestWithDecisionSchema } from '../api.ts'
import { clientFor } from '../client.ts'
import { decisionText } from '../decision-text.ts'
import { requestDetails, requestTable } from '../show.ts'
import { flag, text, type Verb } from '../verb.ts'

export const status: Verb = {
  name: 'status',
  summary: 'Show one request with its decision, or list requests',
  words: ['[id]'],
  options: [
    { flags: '--user <who>', summary: 'of this person: login or e-mail address' },
    { flags: '--state <state>', summary: 'in this state, of request or grant' },
    { flags: '--provider <name>', summary: 'of this provider' },
    { flags: '--mine', summary: 'your own' },
    { flags: '--pending', summary: 'those that wait for approval' },
  ],
  remote: true,
  json: true,

  async run(deps, args) {
    const client = clientFor(deps, args)
    const json = (value: unknown) => deps.out.write(`${JSON.stringify(value, null, 2)}\n`)
    const [id] = args.words
    if (id !== undefined) {
      const row = await client.get(`/api/v1/requests/${encodeURIComponent(id)}`, requestWithDecisionSchema)
      if (args.output === 'json') json(row)
      else
        deps.out.write(
          `${requestDetails(row, deps)}${row.decision === undefined ? '' : `\n${decisionText(row, deps)}`}`,
        )
      return 0
    }
    const mine = flag(args, 'mine')
      ? (await client.get('/api/v1/client-configuration', clientConfigurationSchema)).login
      : undefined
    const rows = await client.get('/api/v1/requests', requestSchema.array(), {
      user: mine ?? text(args, 'user'),
      state: flag(args, 'pending') ? 'pending' : text(args, 'state'),
      provider: text(args, 'provider'),
      repo: text(args, 'repo'),
    })
    if (args.output === 'json') json(rows)
    else deps.out.write(requestTable(rows, deps))
    return 0
  },
}
