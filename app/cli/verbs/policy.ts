import { canonicalFault } from '../../audit/canonical.ts'
import { PolicyLoadError } from '../../policy/policy-fault.ts'
import { renderFaults } from '../../request/render-faults.ts'
import { answerSchema, overrideSchema, policySchema } from '../api.ts'
import { clientFor } from '../client.ts'
import type { CliDeps, LocalAnswer, LocalPolicies } from '../deps.ts'
import { Failure } from '../failure.ts'
import { missing } from '../missing.ts'
import { offText } from '../off.ts'
import { relative } from '../terminal/relative.ts'
import { said } from '../terminal/said.ts'
import { styleFor } from '../terminal/style.ts'
import { fields, table } from '../terminal/table.ts'
import { need, text, type Verb } from '../verb.ts'

export const policyList: Verb = {
  name: 'policy list',
  summary: 'List the accepted policies',
  options: [],
  remote: true,
  json: true,
  async run(deps, args) {
    const policies = await clientFor(deps, args).get('/api/v1/policies', policySchema.array(), {
      repo: text(args, 'repo'),
    })
    if (args.output === 'json') deps.out.write(`${JSON.stringify(policies, null, 2)}\n`)
    else {
      const style = styleFor(deps.out, deps.env)
      const rows = policies.map(({ name, type, enabled, repository, commit, ...off }) => [
        name,
        type,
        enabled ? 'true' : style.red(offText(off, deps.clock.now())),
        repository,
        commit.slice(0, 10),
      ])
      deps.out.write(
        policies.length === 0
          ? 'No policies.\n'
          : table(
              ['NAME', 'TYPE', 'ENABLED', 'REPOSITORY', 'COMMIT'].map((title) => style.bold(title)),
              rows,
            ),
      )
    }
    return 0
  },
}

export const policyUpdate: Verb = {
  name: 'policy update',
  summary: 'Disable a policy for a while, together with a second administrator; or enable it again',
  options: [
    { flags: '--name <policy>', summary: 'which one', required: true },
    { flags: '--enabled <boolean>', summary: 'false to disable it, true to enable it again', required: true },
    { flags: '--for <duration>', summary: 'for so long, at most 4h (the default)' },
  ],
  remote: true,
  json: true,
  async run(deps, args) {
    const name = need(args, 'name')
    const enabled = need(args, 'enabled')
    if (enabled !== 'true' && enabled !== 'false')
      throw new Failure('usage', `--enabled is ${enabled}.`, 'write --enabled false or --enabled true')
    const lasts = text(args, 'for')
    const repo = text(args, 'repo')
    const answer = await clientFor(deps, args).post('/api/v1/policies/override', overrideSchema, {
      name,
      enabled: enabled === 'true',
      ...(lasts === undefined ? {} : { for: lasts }),
      ...(repo === undefined ? {} : { repo }),
    })
    if (args.output === 'json') deps.out.write(`${JSON.stringify(answer, null, 2)}\n`)
    else {
      const style = styleFor(deps.out, deps.env)
      const until = answer.until === undefined ? 'now' : relative(answer.until, deps.clock.now())
      const told = {
        asked: said`${style.yellow('⏳')} ${name} stays enabled until another administrator gives the same command (the wish ends ${until})\n`,
        started: said`${style.green('✓')} ${name} is disabled by ${(answer.by ?? []).join(' and ')}; this ends ${until}\n`,
        ended: said`${style.green('✓')} ${name} is enabled\n`,
      }
      deps.out.write(told[answer.status])
      for (const other of answer.others ?? [])
        deps.out.write(said`  ${other.by} asked for ${other.for}: give that --for and it starts\n`)
    }
    return 0
  },
}

export const policyEval: Verb = {
  name: 'policy eval',
  summary: "Ask policies about an input: the service's accepted ones, or those of a folder; changes nothing",
  options: [
    { flags: '--type <type>', summary: 'eligibility (default) or approval' },
    { flags: '--input <json>', summary: 'the input as JSON, or @FILE', required: true },
    { flags: '--dir <folder>', summary: 'ask the policies of this folder, without the service' },
  ],
  remote: true,
  json: true,
  async run(deps, args) {
    const type = text(args, 'type') ?? 'eligibility'
    if (type !== 'eligibility' && type !== 'approval')
      throw new Failure(
        'usage',
        `There is no policy type ${JSON.stringify(type)}.`,
        'write --type eligibility or --type approval',
      )
    const input = await inputOf(deps, need(args, 'input'))
    const folder = text(args, 'dir')
    const answer =
      folder === undefined
        ? await clientFor(deps, args).post('/api/v1/policies/eval', answerSchema, {
            type,
            input,
            ...(text(args, 'repo') === undefined ? {} : { repo: text(args, 'repo') }),
          })
        : await withPolicies(deps, folder, (policies) => policies.evaluate(type, input))
    deps.out.write(args.output === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : answerText(deps, answer))
    return answer.allowed ? 0 : 1
  },
}

export const policyCheck: Verb = {
  name: 'policy check',
  summary: 'Check policies and their data in a folder: every fault with its place',
  words: ['[folder]'],
  options: [],
  remote: false,
  json: true,
  async run(deps, args) {
    const { policies, faults, notes } = await withPolicies(deps, args.words[0] ?? '.', (local) =>
      local.check(),
    )
    if (args.output === 'json')
      deps.out.write(`${JSON.stringify({ ok: faults.length === 0, policies, faults, notes }, null, 2)}\n`)
    else {
      const style = styleFor(deps.out, deps.env)
      for (const note of notes) deps.out.write(said`${style.yellow('note')} ${note}\n`)
      for (const fault of faults) deps.out.write(said`${style.red('fault')} ${fault}\n`)
      if (policies.length > 0)
        deps.out.write(
          table(
            ['NAME', 'TYPE', 'WASM'].map((title) => style.bold(title)),
            policies.map(({ name, type, wasm }) => [name, type, wasm.slice(0, 16)]),
          ),
        )
      deps.out.write(
        faults.length === 0
          ? `${style.green('✓')} ${policies.length} policies, no faults\n`
          : `${style.red('✗')} ${faults.length} faults\n`,
      )
    }
    return faults.length === 0 ? 0 : 1
  },
}

export const policyTest: Verb = {
  name: 'policy test',
  summary: 'Run the Rego tests of a folder (needs opa)',
  words: ['[folder]'],
  options: [],
  remote: false,
  json: true,
  async run(deps, args) {
    const { passed, failed, output } = await withPolicies(deps, args.words[0] ?? '.', (local) => local.test())
    if (args.output === 'json') deps.out.write(`${JSON.stringify({ passed, failed }, null, 2)}\n`)
    else
      deps.out.write(`${output.map((line) => said`${line}\n`).join('')}${passed} passed, ${failed} failed\n`)
    return failed === 0 && passed > 0 ? 0 : 1
  },
}

async function withPolicies<T>(
  deps: CliDeps,
  folder: string,
  work: (policies: LocalPolicies) => Promise<T>,
): Promise<T> {
  const policies = await deps.localPolicies(folder)
  try {
    return await work(policies)
  } catch (cause) {
    throw cause instanceof PolicyLoadError ? unusable(folder, cause) : missing(`${folder}/policies`, cause)
  } finally {
    await policies.close()
  }
}

/** Faults of the folder's own are told as `policy check` tells them; what the machine lacks is nobody's verdict. */
function unusable(folder: string, cause: PolicyLoadError): Failure {
  const lines = renderFaults(cause.faults).map((line) => `\n  ${line}`)
  return new Failure(
    cause.code === 'invalid' ? 'refused' : 'unknown',
    `The policies of ${folder} cannot be used:${lines.join('')}`,
    cause.code === 'invalid'
      ? `mend them; gitsudo policy check ${folder} lists every fault`
      : cause.faults[0]?.remedy,
    { cause },
  )
}

async function inputOf(deps: CliDeps, given: string): Promise<Readonly<Record<string, unknown>>> {
  let value: unknown
  try {
    value = JSON.parse(given.startsWith('@') ? await deps.readText(given.slice(1)) : given)
  } catch (cause) {
    throw new Failure(
      'usage',
      `The input is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      `write --input '{"user":{…},"request":{…}}' or --input @FILE`,
      { cause },
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Failure('usage', 'The input is no JSON object.', `write --input '{"user":{…},"request":{…}}'`)
  const fault = canonicalFault(value)
  if (fault !== undefined)
    throw new Failure('usage', `No policy can be asked this input: ${fault}`, 'mend it')
  return { ...value }
}

function answerText(deps: CliDeps, { allowed, reason, policies, assumed }: LocalAnswer): string {
  const style = styleFor(deps.out, deps.env)
  const each = policies.map(({ policy, outcome }) => said`  ${policy}: ${JSON.stringify(outcome)}\n`).join('')
  const taken = Object.entries(assumed).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return `${fields([
    ['allowed', allowed ? style.green('true') : style.red('false')],
    ['reason', reason === '' ? undefined : reason],
    ['assumed', taken.length === 0 ? undefined : taken.join(', ')],
  ])}${each}`
}
