import type { Failure } from './failure.ts'

/** By SQLSTATE (PostgreSQL, appendix A), what to do, and whether the configuration is wrong or the answer unknown. */
const refusals: readonly (readonly [RegExp, Failure['kind'], string])[] = [
  [
    /^28\w{3}$/,
    'usage',
    'check the role and the password in the address; gitsudo server init makes gitsudo_app',
  ],
  [/^3D000$/, 'usage', 'create that database, or name another in the address'],
  [
    /^42501$/,
    'usage',
    'name a role that may; for gitsudo server init one that may create roles, or gitsudo_owner',
  ],
  [/^42P01$/, 'unknown', 'run gitsudo server init, or name the database that it was run on'],
]

/** That PostgreSQL refused a role, a database or a table, looked for among the causes; undefined: it did not. */
export function refusal(error: unknown): Pick<Failure, 'kind' | 'message' | 'hint'> | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error ? String(error.code) : ''
  const [, kind, hint] = refusals.find(([state]) => state.test(code)) ?? []
  if (kind === undefined) return refusal(error.cause)
  return { kind, message: `PostgreSQL refuses: ${error.message}`, hint }
}
