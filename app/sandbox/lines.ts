import { dirname, join } from 'node:path'
import type { World } from './world.ts'

/** A started sandbox, and how to use it. */
export type Sandbox = {
  readonly lines: readonly string[]
  readonly ended: Promise<void>
  stop(): Promise<void>
}

/** Addresses, tokens and commands to try. */
export const sandboxLines = (world: World, url: string): readonly string[] => {
  const { alice, bob } = world.people
  const { config } = world.service
  return [
    `GitHub       ${world.github.url}/${world.repository.fullName}.git (API ${world.github.apiUrl})`,
    `gitsudo      ${url}`,
    `PostgreSQL   ${world.superuserUrl}`,
    '',
    'Tokens',
    ...Object.values(world.people).map(({ login, token }) => `  ${login.padEnd(8)} ${token}`),
    '',
    'Try',
    `  export GITSUDO_SERVER=${url}`,
    `  export GITSUDO_TOKEN=${alice.token}`,
    '  npx gitsudo request --provider mock --role prod-read-only --scope 123456789012 --duration 1h --reason "Look at the errors"',
    '  npx gitsudo status',
    `  GITSUDO_TOKEN=${bob.token} npx gitsudo approve req_…`,
    ...(world.merge === 'auto'
      ? []
      : [
          `  curl -X PUT -H 'Authorization: Bearer ${bob.token}' ${world.github.apiUrl}/repos/${world.repository.fullName}/pulls/N/merge`,
        ]),
    '  npx gitsudo exec req_… -- env',
    `  DATABASE_URL='${world.databaseUrl}' npx gitsudo audit verify --offline --key "$(npx gitsudo server key --config ${config})" --state-dir ${join(dirname(config), 'verified')}`,
    '',
    'Ctrl-C stops it.',
  ]
}
