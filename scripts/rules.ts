import { execFileSync } from 'node:child_process'
import { cruise } from 'dependency-cruiser'
import { directions } from './directions.ts'

/** The direction rules, and proof that they looked at every module: a cruise that sees nothing also passes. */
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'app/*.ts'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '')
  .sort()
const { output } = await cruise(['app'], {
  ...directions.options,
  ruleSet: { forbidden: directions.forbidden ?? [] },
  validate: true,
})
if (typeof output === 'string') throw new Error('dependency-cruiser answered with text')
const seen = output.modules
  .map((module) => module.source)
  .filter((source) => source.startsWith('app/') && source.endsWith('.ts'))
  .sort()
const unseen = tracked.filter((path) => !seen.includes(path))
for (const { rule, from, to } of output.summary.violations) console.error(`${rule.name}: ${from} → ${to}`)
for (const path of unseen) console.error(`not seen by dependency-cruiser: ${path}`)
if (output.summary.violations.length > 0 || unseen.length > 0) process.exit(1)
console.log(`direction rules hold over ${seen.length} modules`)
