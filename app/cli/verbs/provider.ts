import { styleFor } from '../terminal/style.ts'
import { table } from '../terminal/table.ts'
import type { Verb } from '../verb.ts'
import { configFile, configOf } from './config-file.ts'

export const providerCheck: Verb = {
  name: 'provider check',
  summary: 'Ask each configured provider what is misconfigured, or which permission is missing',
  options: [configFile],
  remote: false,
  json: true,
  async run(deps, args) {
    const answers = (await deps.checkProviders(configOf(args))).map((one) => ({
      provider: one.provider,
      problems: 'found' in one ? one.found : [one.trouble],
    }))
    if (args.output === 'json') deps.out.write(`${JSON.stringify(answers, null, 2)}\n`)
    else {
      const style = styleFor(deps.out, deps.env)
      const rows = answers.flatMap(({ provider, problems }) =>
        problems.length === 0
          ? [[provider, style.green('OK'), 'nothing is wrong']]
          : problems.map((problem) => [provider, style.red('WRONG'), problem]),
      )
      deps.out.write(table(['PROVIDER', 'STATUS', 'DETAIL'].map(style.bold), rows))
    }
    return answers.every(({ problems }) => problems.length === 0) ? 0 : 1
  },
}

export const providerList: Verb = {
  name: 'provider list',
  summary: "Show what of this installation is really there, asked of the clouds and not of gitsudo's records",
  options: [configFile],
  remote: false,
  json: true,
  async run(deps, args) {
    const answers = await deps.listProviders(configOf(args))
    const bindings = answers.flatMap((one) =>
      'found' in one ? one.found.map((binding) => ({ provider: one.provider, ...binding })) : [],
    )
    const troubles = answers.flatMap((one) => ('trouble' in one ? [one.trouble] : []))
    const endOf = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString())
    if (args.output === 'json') {
      const shown = bindings.map(({ expiresAt, ...one }) => ({ ...one, expires_at: endOf(expiresAt) }))
      deps.out.write(`${JSON.stringify(shown, null, 2)}\n`)
    } else {
      const style = styleFor(deps.out, deps.env)
      const head = ['PROVIDER', 'ID', 'PRINCIPAL', 'ROLE', 'SCOPE', 'ENDS BY ITSELF']
      const rows = bindings.map(({ provider, grant, principal, role, scope, expiresAt }) => [
        provider,
        grant,
        principal,
        role,
        scope,
        endOf(expiresAt) ?? 'no',
      ])
      deps.out.write(table(head.map(style.bold), rows))
    }
    for (const trouble of troubles) deps.err.write(`gitsudo: not listed: ${trouble}\n`)
    return troubles.length === 0 ? 0 : 3
  },
}
