import { Command } from 'commander'
import type { CliDeps } from './deps.ts'
import { explain } from './explain.ts'
import { Failure } from './failure.ts'
import type { Args, Verb } from './verb.ts'
import { verbs } from './verbs.ts'

/** Options of every command that talks to the service. */
export const remoteOptions = [
  { flags: '--server <url>', summary: 'the service (GITSUDO_SERVER, http://127.0.0.1:8080)' },
  {
    flags: '--token <token>',
    summary: 'your GitHub user token (GITSUDO_TOKEN, which does not show in process lists)',
  },
  { flags: '--repo <owner/name>', summary: 'the access repository, where there are several' },
] as const

/** Runs one command line (without `node` and the script) and answers its exit status; never throws. */
export async function runProgram(argv: readonly string[], deps: CliDeps): Promise<number> {
  let status = 0
  const root = program(deps, async (verb, args) => {
    status = await verb.run(deps, args)
  })
  try {
    await root.parseAsync([...argv], { from: 'user' })
    return status
  } catch (error) {
    return explain(error, deps)
  }
}

function program(deps: CliDeps, run: (verb: Verb, args: Args) => Promise<void>): Command {
  const root = prepared(new Command('gitsudo'), deps)
  root
    .description('Just-in-time privileged access, run from a Git repository')
    .version(`gitsudo ${deps.version}`, '-V, --version')
    .enablePositionalOptions()
  const groups = new Map<string, Command>()
  const groupOf = (name: string): Command => {
    const known = groups.get(name)
    if (known !== undefined) return known
    const group = prepared(root.command(name), deps)
    group.description(groupSummaries[name] ?? '').enablePositionalOptions()
    groups.set(name, group)
    return group
  }
  for (const verb of verbs) {
    const [first = '', second] = verb.name.split(' ')
    const isGroup = second === undefined && verbs.some(({ name }) => name.startsWith(`${first} `))
    const command = isGroup
      ? groupOf(first)
      : prepared((second === undefined ? root : groupOf(first)).command(second ?? first), deps)
    command.description(verb.summary)
    for (const word of verb.words ?? []) command.argument(word)
    for (const { flags, summary, required, repeat } of verb.options) {
      if (repeat === true)
        command.option(flags, summary, (value: string, before: readonly string[]) => [...before, value], [])
      else if (required === true && flags.includes('<')) command.requiredOption(flags, summary)
      else command.option(flags, summary)
    }
    if (verb.remote) for (const { flags, summary } of remoteOptions) command.option(flags, summary)
    if (verb.json) command.option('-o, --output <format>', 'table or json', 'table')
    command.action(async () => {
      const { output } = command.opts<{ output?: unknown }>()
      if (verb.json && output !== 'table' && output !== 'json')
        throw new Failure(
          'usage',
          `There is no output format ${JSON.stringify(output)}.`,
          'write --output table or --output json',
        )
      await run(verb, {
        words: command.args,
        options: command.opts(),
        output: output === 'json' ? 'json' : 'table',
      })
    })
  }
  return root
}

const groupSummaries: Readonly<Record<string, string>> = {
  policy: 'Policies: the accepted ones, and those in a folder',
  provider: 'Providers: what is wrong with them, and what is really there',
  server: 'The service: run it, look at it',
}

/** Nothing of commander's ends the process or writes past `deps`. */
function prepared(command: Command, deps: CliDeps): Command {
  return command.exitOverride().configureOutput({
    writeOut: (text) => deps.out.write(text),
    // Help, where a word is missing; faults are explain.ts's to say.
    writeErr: (text) => deps.err.write(text),
    outputError: () => undefined,
    getOutHelpWidth: () => deps.out.columns,
    getErrHelpWidth: () => deps.err.columns,
  })
}
