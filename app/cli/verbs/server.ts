import { readinessSchema, reloadedSchema, serverStatusSchema, versionSchema } from '../api.ts'
import { clientFor } from '../client.ts'
import { exitStatus, Failure } from '../failure.ts'
import { offText } from '../off.ts'
import { said } from '../terminal/said.ts'
import { styleFor } from '../terminal/style.ts'
import { fields, table } from '../terminal/table.ts'
import { flag, text, type Verb } from '../verb.ts'
import { refuseRepository, repositoryOf } from '../which-repository.ts'
import { configFile, configOf } from './config-file.ts'

export const serverStart: Verb = {
  name: 'server start',
  summary: 'Run the service until it is told to stop',
  options: [configFile, { flags: '--insecure', summary: 'allow an address beyond this machine without TLS' }],
  remote: false,
  json: false,
  async run(deps, args) {
    // From the start on: one that waits for PostgreSQL is stopped as well.
    const interrupted = deps.interrupted()
    const insecure = flag(args, 'insecure')
    const service = await deps.startService({ ...configOf(args), insecure, interrupted })
    await Promise.race([interrupted, service.ended])
    await service.stop()
    return 0
  },
}

export const serverInit: Verb = {
  name: 'server init',
  summary: 'Make roles, tables and keys, once; or print the manifest of the GitHub App',
  options: [
    configFile,
    { flags: '--print-manifest', summary: 'only print the manifest' },
    { flags: '--url <url>', summary: "with --print-manifest: the service's public address" },
    {
      flags: '--redirect-url <url>',
      summary: 'with --print-manifest: where GitHub sends the browser with the code',
    },
  ],
  remote: false,
  json: false,
  async run(deps, args) {
    if (flag(args, 'printManifest')) {
      const url = text(args, 'url')
      if (url === undefined || !URL.canParse(url))
        throw new Failure(
          'usage',
          'The manifest needs the address at which GitHub reaches the service.',
          'write --url https://HOST',
        )
      const back = text(args, 'redirectUrl')
      if (back !== undefined && !URL.canParse(back))
        throw new Failure(
          'usage',
          `${JSON.stringify(back)} is no address.`,
          'write --redirect-url https://HOST',
        )
      const manifest = await (back === undefined ? deps.manifest(url) : deps.manifest(url, back))
      deps.out.write(`${JSON.stringify(manifest, null, 2)}\n`)
      return 0
    }
    for (const line of await deps.initialise(configOf(args))) deps.out.write(said`${line}\n`)
    return 0
  },
}

export const serverStatus: Verb = {
  name: 'server status',
  summary: 'Show whether the service is up, and what is missing; with a token, each repository too',
  options: [],
  remote: true,
  json: true,
  async run(deps, args) {
    const client = clientFor(deps, args)
    const ready = await client.look('/readyz', readinessSchema)
    const version = await client.look('/api/v1/version', versionSchema)
    const wanted = text(args, 'repo')
    if (wanted !== undefined && client.token === undefined)
      throw new Failure(
        'usage',
        'Without a token the service says nothing of its repositories.',
        'set GITSUDO_TOKEN to your GitHub user token, or leave --repo out',
      )
    // Who calls is asked of GitHub: while that is away, what is away is to be seen all the same.
    let untold: Failure | undefined
    const told =
      client.token === undefined
        ? undefined
        : await client.get('/api/v1/server/status', serverStatusSchema).catch((error: unknown) => {
            if (!(error instanceof Failure) || error.kind !== 'unknown') throw error
            untold = error
            return undefined
          })
    const more = told && { ...told, repositories: chosen(told.repositories, wanted) }
    const up = ready.status === 'ready'
    const whole =
      up &&
      ready.components.every((one) => one.up) &&
      (more?.repositories ?? []).every(
        ({ troubles, accepted_commit: commit }) => troubles.length === 0 && commit !== undefined,
      )
    const end = (): number => {
      if (untold !== undefined) throw untold
      return whole ? 0 : 1
    }
    if (args.output === 'json') {
      deps.out.write(
        `${JSON.stringify(more ?? { ...version, ready: up, components: ready.components }, null, 2)}\n`,
      )
      return end()
    }
    const style = styleFor(deps.out, deps.env)
    const state = (good: boolean) => (good ? style.green('UP') : style.red('DOWN'))
    const rows = [
      ['liveness', state(true), `gitsudo ${version.version} (API ${version.api})`],
      ...ready.components.map(({ name, up: good, detail }) => [name, state(good), detail]),
      ...(more?.repositories ?? []).flatMap(
        ({ name, id, troubles, policies_off: off, accepted_commit: commit }) => {
          const title = name ?? String(id)
          const disabled = off.map((one) => [
            title,
            style.yellow('LOOK'),
            `policy ${one.name}: ${offText(one, deps.clock.now())}`,
          ])
          const itself =
            troubles.length === 0
              ? [
                  [
                    title,
                    state(commit !== undefined),
                    commit === undefined ? 'no policies accepted yet' : `policies at ${commit.slice(0, 10)}`,
                  ],
                ]
              : troubles.map((trouble) => [title, style.yellow('LOOK'), trouble])
          return [...itself, ...disabled]
        },
      ),
    ]
    deps.out.write(
      table(
        ['COMPONENT', 'STATUS', 'DETAIL'].map((title) => style.bold(title)),
        rows,
      ),
    )
    return end()
  },
}

/** All of them, or the one that is wanted. */
const chosen = <T extends { readonly name?: string | undefined; readonly id: number }>(
  all: readonly T[],
  wanted: string | undefined,
): readonly T[] =>
  wanted === undefined
    ? all
    : [
        repositoryOf(
          all.map((one) => ({ name: one.name ?? String(one.id), one })),
          wanted,
        ).one,
      ]

export const serverVersion: Verb = {
  name: 'server version',
  summary: "Print the service's version",
  options: [],
  remote: true,
  json: true,
  async run(deps, args) {
    const { version, api } = await clientFor(deps, args).look('/api/v1/version', versionSchema)
    deps.out.write(
      args.output === 'json'
        ? `${JSON.stringify({ version, api }, null, 2)}\n`
        : fields([
            ['Server version', version],
            ['API version', api],
          ]),
    )
    return 0
  },
}

export const serverReloadPolicies: Verb = {
  name: 'server reload-policies',
  summary: 'Read the accepted policies anew (administrators)',
  options: [],
  remote: true,
  json: true,
  async run(deps, args) {
    refuseRepository(args, 'This reads the policies of', 'leave it out')
    const answer = await clientFor(deps, args).post('/api/v1/server/reload-policies', reloadedSchema)
    const { policies, troubles } = answer
    const lines = [
      `Policies read anew. Enabled: ${policies}`,
      ...troubles.map(({ repository, why }) => said`${repository}: ${why}`),
    ]
    deps.out.write(args.output === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : `${lines.join('\n')}\n`)
    return troubles.length === 0 ? 0 : exitStatus.refused
  },
}
