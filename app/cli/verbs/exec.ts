import { clientFor } from '../client.ts'
import { Failure } from '../failure.ts'
import { givenBy } from '../given.ts'
import { untilEnd } from '../until-end.ts'
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
    const { env, files, endsAt } = await givenBy(deps, client, id)
    return deps.execute({ command, args: rest, env, files }, (at, over) =>
      untilEnd(deps, client, { id, endsAt, shell: false }, at, over),
    )
  },
}
