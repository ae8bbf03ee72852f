import { ExportError } from '../../audit/export-line.ts'
import type { Replay, ReplaySource } from '../deps.ts'
import { Failure } from '../failure.ts'
import { missing } from '../missing.ts'
import { said } from '../terminal/said.ts'
import { styleFor } from '../terminal/style.ts'
import { table } from '../terminal/table.ts'
import { type Args, text, type Verb } from '../verb.ts'
import { configFile, configOf } from './config-file.ts'
import { database, fromExport } from './ledger.ts'
import { whichEvent } from './which-event.ts'

export const policyReplay: Verb = {
  name: 'policy replay',
  summary:
    'Make recorded decisions again, from Git, ledger and evidence, and say whether they come out the same',
  words: ['[id]'],
  options: [
    { flags: '--seq <number>', summary: 'the decision of this event, instead of all on a request' },
    { ...configFile, summary: "the service's, for its database and clones (the default)" },
    { ...fromExport, summary: 'the ledger from this export, with --repository' },
    { ...database, summary: 'the ledger from this database, with --repository' },
    { flags: '--repository <folder>', summary: 'a clone of the access repository' },
  ],
  remote: false,
  json: true,

  async run(deps, args) {
    const source = sourceOf(args)
    const results = await deps.replay(source, whichEvent(args, 'decision')).catch((cause: unknown) => {
      if (cause instanceof ExportError)
        throw new Failure('refused', cause.message, 'run gitsudo audit verify', { cause })
      throw 'export' in source ? missing(source.export, cause) : cause
    })
    if (results.length === 0)
      throw new Failure('unknown', 'The ledger holds no such decision.', 'gitsudo audit lists events')
    if (args.output === 'json') deps.out.write(`${JSON.stringify(results, null, 2)}\n`)
    else {
      const style = styleFor(deps.out, deps.env)
      const told = {
        same: style.green('same'),
        reworded: style.green('same, reworded'),
        different: style.red('different'),
        not_replayable: style.yellow('cannot be told'),
      }
      deps.out.write(
        table(
          ['SEQ', 'TIMESTAMP', 'TYPE', 'VERDICT', 'AGAIN'].map((title) => style.bold(title)),
          results.map(({ seq, at, type, verdict, outcome }) => [
            ...[String(seq), at, type, verdict.replaceAll('_', ' ')],
            told[outcome],
          ]),
        ),
      )
      for (const one of results) deps.out.write(details(one))
    }
    if (results.some(({ outcome }) => outcome === 'different')) return 1
    return results.every(({ outcome }) => outcome === 'same' || outcome === 'reworded') ? 0 : 3
  },
}

const details = ({ seq, outcome, differences, missing, notes }: Replay): string =>
  [
    ...(outcome === 'reworded' ? [said`${seq}: same verdict; worded differently by this version\n`] : []),
    ...differences.map(({ about, policy, reviewer, recorded, found }) => {
      const of =
        policy === undefined
          ? ''
          : ` of policy ${policy}${reviewer === undefined ? '' : ` on reviewer ${reviewer}`}`
      return said`${seq}: ${about}${of} differs\n  recorded ${recorded}\n  found    ${found}\n`
    }),
    ...missing.map((why) => said`${seq}: missing: ${why}\n`),
    ...notes.map((note) => said`${seq}: ${note}\n`),
  ].join('')

function sourceOf(args: Args): ReplaySource {
  const [file, url, config] = [text(args, 'export'), text(args, 'databaseUrl'), text(args, 'config')]
  const repository = text(args, 'repository')
  if ([file, url, config].filter((one) => one !== undefined).length > 1)
    throw new Failure('usage', 'Which ledger?', 'write one of --config, --export and --database-url')
  if (file === undefined && url === undefined) {
    if (repository !== undefined)
      throw new Failure('usage', 'Which ledger?', 'write --export FILE or --database-url URL with it')
    return configOf(args)
  }
  if (repository === undefined)
    throw new Failure('usage', '--repository is missing.', 'name a clone of the access repository')
  return file === undefined ? { databaseUrl: url ?? '', repository } : { export: file, repository }
}
