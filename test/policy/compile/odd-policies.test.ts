import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { oddPolicies } from '../../support/odd-policies.ts'
import { compile, policy } from './compiler.ts'

test.each(oddPolicies)(
  'the policies of attacks 4.1 to 4.3 are what their sources say: $source.name',
  async (odd) => {
    const { name } = odd.source
    const at = new URL(`../../attacks/support/odd-policies/${name}.rego`, import.meta.url)
    const { digest, hasAllow } = await compile(policy(readFileSync(at, 'utf8'), name), [])
    expect({ digest, hasAllow }).toEqual({ digest: odd.compiled.digest, hasAllow: odd.compiled.hasAllow })
  },
)
