import { requestSchema } from '../api.ts'
import { clientFor } from '../client.ts'
import { Failure } from '../failure.ts'
import { givenBy } from '../given.ts'
import { markOf, startup } from '../startup.ts'
import { relative } from '../terminal/relative.ts'
import { said } from '../terminal/said.ts'
import { untilEnd } from '../until-end.ts'
import { text, type Verb, word } from '../verb.ts'

export const shell: Verb = {
  name: 'shell',
  summary: "Open a shell with an active grant's credentials; it closes when the grant ends",
  words: ['<id>'],
  options: [{ flags: '--shell <path>', summary: 'the shell to open ($SHELL, then /bin/sh)' }],
  remote: true,
  json: false,

  async run(deps, args) {
    const client = clientFor(deps, args)
    const id = word(args, 0)
    if (!deps.atTerminal)
      throw new Failure(
        'usage',
        'A shell needs a terminal, as standard input and standard error.',
        `gitsudo exec ${id} -- COMMAND runs a command without one`,
      )
    const row = await client.get(`/api/v1/requests/${encodeURIComponent(id)}`, requestSchema)
    const { env, files, endsAt } = await givenBy(deps, client, row.id)
    const { provider = '', role = '', scope = '' } = row
    const end = new Date(endsAt).toISOString()
    deps.err.write(
      said`*** gitsudo: ${provider} ${role} on ${scope}, ${row.id} ***\n` +
        `*** until ${end} (${relative(end, deps.clock.now())}); type exit to leave it ***\n`,
    )
    const path = text(args, 'shell') ?? (deps.env.SHELL || '/bin/sh')
    const started = startup(path, markOf(provider, role, endsAt), {
      ...env,
      GITSUDO_ELEVATED: '1',
      GITSUDO_REQUEST_ID: row.id,
    })
    return deps.execute({ ...started, files: { ...files, ...started.files }, shell: true }, (at, over) =>
      untilEnd(deps, client, { id: row.id, endsAt, shell: true }, at, over),
    )
  },
}
