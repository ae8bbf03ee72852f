import { clientConfigurationSchema, requestSchema, requestWithDecisionSchema } from '../api.ts'
import { clientFor } from '../client.ts'
import { decisionText } from '../decision-text.ts'
import { Failure } from '../failure.ts'
import { requestDetails, requestTable } from '../show.ts'
import { type Args, flag, text, type Verb } from '../verb.ts'

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
    refuseBoth(args)
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

/** Refuses an option that another one would silently take the place of. */
function refuseBoth(args: Args): void {
  const [id] = args.words
  const given = ['user', 'state', 'provider', 'mine', 'pending'].filter(
    (name) => flag(args, name) || text(args, name) !== undefined,
  )
  const refuse = (one: string, other: string) => {
    throw new Failure('usage', `${one} leaves nothing for --${other} to say.`, `leave one of them out`)
  }
  if (id !== undefined && given[0] !== undefined) refuse(id, given[0])
  if (given.includes('mine') && given.includes('user')) refuse('--mine', 'user')
  if (given.includes('pending') && given.includes('state')) refuse('--pending', 'state')
}
