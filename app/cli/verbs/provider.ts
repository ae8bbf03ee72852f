import type { CloudFinding } from '../../reconcile/cloud.ts'
import type { ProviderAnswer } from '../deps.ts'
import { exitStatus } from '../failure.ts'
import { said } from '../terminal/said.ts'
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
      problems: 'found' in one ? one.found : [],
      ...('trouble' in one ? { trouble: one.trouble } : {}),
    }))
    if (args.output === 'json') deps.out.write(`${JSON.stringify(answers, null, 2)}\n`)
    else {
      const style = styleFor(deps.out, deps.env)
      const rows = answers.flatMap(({ provider, problems, trouble }) => {
        if (trouble !== undefined) return [[provider, style.yellow('UNKNOWN'), trouble]]
        return problems.length === 0
          ? [[provider, style.green('OK'), 'nothing is wrong']]
          : problems.map((problem) => [provider, style.red('WRONG'), problem])
      })
      deps.out.write(table(['PROVIDER', 'STATUS', 'DETAIL'].map(style.bold), rows))
    }
    if (answers.some(({ problems }) => problems.length > 0)) return exitStatus.refused
    return answers.some(({ trouble }) => trouble !== undefined) ? exitStatus.unknown : 0
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
    const troubles = answers.flatMap(troublesOf)
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
    for (const one of answers)
      if ('traceless' in one && one.traceless)
        deps.err.write(
          said`gitsudo: ${one.provider}: its grants make nothing there that could be listed: \`gitsudo status --provider ${one.provider}\` shows them\n`,
        )
    for (const trouble of troubles) deps.err.write(said`gitsudo: not listed: ${trouble}\n`)
    return troubles.length === 0 ? 0 : exitStatus.unknown
  },
}

export const providerReconcile: Verb = {
  name: 'provider reconcile',
  summary: 'Compare the clouds with the ledger now, and take away what should not be there',
  options: [configFile],
  remote: false,
  json: true,
  async run(deps, args) {
    const answers = await deps.reconcileProviders(configOf(args))
    const found = answers.flatMap((one) =>
      'found' in one ? one.found.map((finding) => ({ provider: one.provider, ...shown(finding) })) : [],
    )
    const troubles = answers.flatMap(troublesOf)
    if (args.output === 'json') deps.out.write(`${JSON.stringify(found, null, 2)}\n`)
    else if (found.length === 0 && troubles.length === 0)
      deps.out.write('The clouds have what the ledger says.\n')
    else {
      const style = styleFor(deps.out, deps.env)
      const head = ['PROVIDER', 'FINDING', 'ID', 'OUTCOME', 'DETAIL']
      const rows = found.map(({ provider, finding, grant, outcome, detail }) => [
        provider,
        style.yellow(finding.toUpperCase()),
        grant,
        outcome,
        detail,
      ])
      deps.out.write(table(head.map(style.bold), rows))
    }
    for (const trouble of troubles) deps.err.write(said`gitsudo: not compared: ${trouble}\n`)
    if (troubles.length > 0) return 3
    return found.length === 0 ? 0 : 1
  },
}

/** What was not looked at, and why: a cloud, or places of it. */
const troublesOf = (answer: ProviderAnswer<unknown>): readonly string[] =>
  'trouble' in answer ? [answer.trouble] : (answer.unread ?? []).map(({ place, why }) => `${place}: ${why}`)

/** What concerns a grant is for the service's own look at it, which has been asked for. */
const shown = (one: CloudFinding) => {
  const { finding, grant } = one
  if (one.finding === 'drift') return { finding, grant, outcome: 'looked at again', detail: one.why }
  if (one.finding === 'missing')
    return { finding, grant, outcome: 'looked at again', detail: 'not in the cloud' }
  const { handle, principal, role, scope } = one.found
  const detail = `${handle}: ${principal} has ${role} on ${scope}${one.note === undefined ? '' : `; ${one.note}`}`
  return { finding, grant, outcome: one.outcome, detail }
}
