import { basename } from 'node:path'
import { type PolicySource, readSources } from '../../policy/sources.ts'
import { renderFaults } from '../../request/render-faults.ts'
import { clientConfigurationSchema } from '../api.ts'
import { clientFor } from '../client.ts'
import { Failure } from '../failure.ts'
import { githubAsUser } from '../github.ts'
import { missing } from '../missing.ts'
import { said } from '../terminal/said.ts'
import { styleFor } from '../terminal/style.ts'
import { need, text, type Verb } from '../verb.ts'
import { repositoryOf } from '../which-repository.ts'

export const policyApply: Verb = {
  name: 'policy apply',
  summary:
    'Propose a policy, new or changed: writes the file, pushes a branch and opens the pull request as you',
  options: [
    { flags: '-f, --file <file>', summary: 'the Rego file', required: true },
    { flags: '--type <type>', summary: 'eligibility or approval, as its package says' },
    { flags: '--name <policy>', summary: "the policy's name; the file's without it" },
  ],
  remote: true,
  json: true,
  async run(deps, args) {
    const file = need(args, 'file')
    const content = await deps.readText(file).catch((cause: unknown) => {
      throw missing(file, cause)
    })
    const { path, name, type } = policyIn(content, text(args, 'name') ?? basename(file, '.rego'))
    const wanted = text(args, 'type') ?? type
    if (wanted !== type)
      throw new Failure(
        'usage',
        `${file} is an ${type} policy, by its package, and no ${wanted}.`,
        `write --type ${type}, or another package in the file`,
      )

    const client = clientFor(deps, args)
    const configuration = await client.get('/api/v1/client-configuration', clientConfigurationSchema)
    const repository = repositoryOf(configuration.repositories, text(args, 'repo'))
    const github = githubAsUser(deps, configuration.github_api_url, client.token ?? '')
    const before = await github.file(repository.name, repository.branch, path)
    if (before?.text === content)
      throw new Failure(
        'refused',
        `${repository.name} has this very ${path} already.`,
        'gitsudo policy list shows the commit that is in force',
      )
    const pull = await github.openPull({
      repository: repository.name,
      base: repository.branch,
      branch: `gitsudo/policy-${name}-${deps.slug()}`,
      path,
      content,
      title: `Policy: ${before === undefined ? 'add' : 'change'} ${name} (${type})`,
      body: `${before === undefined ? 'Adds' : 'Changes'} \`${path}\`.`,
      ...(before === undefined ? {} : { replaces: before.sha }),
    })
    const answer = { name, type, path, pull_request: pull.number, pull_request_url: pull.url }
    if (args.output === 'json') deps.out.write(`${JSON.stringify(answer, null, 2)}\n`)
    else
      deps.out.write(
        said`${styleFor(deps.out, deps.env).green('✓')} Policy ${name} (${type}) proposed\n  ${pull.url}\n⏳ In force once its owners have approved and it is merged; its check says what it would change\n`,
      )
    return 0
  },
}

/** The policy that this text is under that name, or a `Failure` with every fault that its reader finds. */
function policyIn(content: string, name: string): PolicySource {
  const path = `policies/${name}.rego`
  const { policies, faults } = readSources(new Map([[path, Buffer.from(content)]]))
  const [policy] = policies
  // A slash would make it another policy's name, `_test` a test, and `lib/` the library.
  if (policy?.name === name) return policy
  throw new Failure(
    'usage',
    faults.length === 0
      ? `${path} would be no policy.`
      : `This policy has faults:\n${renderFaults(faults)
          .map((line) => `  ${line}`)
          .join('\n')}`,
    'give it its own name with --name, of letters, digits, -, _ and .',
  )
}
