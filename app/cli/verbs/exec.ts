import { credentialsSchema } from '../api.ts'
import { clientFor } from '../client.ts'
import { Failure } from '../failure.ts'
import { type Verb, word } from '../verb.ts'

export const exec: Verb = {
  name: 'exec',
  summary: "Run a command with an active grant's credentials in its environment, and nowhere else",
  words: ['<id>', '<command...>'],
  options: [],
  remote: true,
  json: false,

  async run(deps, args) {
    const client = clientFor(deps, args)
    const id = word(args, 0)
    const [command, ...rest] = args.words.slice(1)
    if (command === undefined)
      throw new Failure('usage', 'No command is given.', `gitsudo exec ${id} -- COMMAND`)
    const { environment, files } = await client.post(
      `/api/v1/requests/${encodeURIComponent(id)}/credentials`,
      credentialsSchema,
    )
    return deps.execute(command, rest, { ...deps.env, ...environment }, files)
  },
}
