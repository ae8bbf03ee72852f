import type { PolicyTrialFault, PolicyTrialReport } from '../../reconcile/ports/policy-trial.ts'
import type { PolicyFault } from '../policy-fault.ts'
import type { RegoTest } from '../test-run.ts'

/**
 * What a report may say of files that were written to be shown (trust.md 1.8): where, and what by a closed set of
 * our own sentences. A path or a name that is more than plain letters is not repeated.
 */
const plainPath = /^policies(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}){0,8}$/
const plainTest = /^test_[A-Za-z0-9_]{1,80}$/
const plainCode = /^[a-z][a-z_0-9]{0,39}$/
const most = 100

const sentences: Readonly<Record<string, string>> = {
  annotation: 'has a METADATA block with schemas or escapes',
  collision: 'differs from another file by case or Unicode form only',
  compiler_missing: 'needs opa to be compiled or tested, and this machine has none (OPA_BIN or PATH)',
  limit: 'takes more processor time, memory or output than a policy gets',
  missing: 'something that must be there is missing',
  mixed_roots: 'speaks of gitsudo and jitsudo packages at once',
  mode: 'is a link, a submodule or executable; a policy file is a plain one',
  name: 'has the name of another policy',
  package: 'is in a package that a file at this place cannot have',
  path: 'has a name that policies cannot have',
  rego_parse_error: 'is not Rego',
  rego_recursion_error: 'has rules that call themselves',
  rego_type_error: 'calls what policies do not have, or with values that do not fit',
  rego_unsafe_var_error: 'has a variable without a value',
  syntax: 'is not YAML of the kind that is read here',
  too_large: 'is too large',
  too_many: 'there are too many files, or too large ones',
  too_many_faults: 'more faults follow',
  unknown_field: 'has a field that nobody reads',
}
const otherwise = 'is wrong here; gitsudo policy check says more'

export const safePath = (path: string): string =>
  plainPath.test(path) ? path : 'policies/… (a path with other characters)'

/** Faults by file, line, column and code, each once, the first hundred. */
export function safeFaults(faults: readonly PolicyFault[]): readonly PolicyTrialFault[] {
  const safe = faults.map(({ file, line, column, code }) => {
    const known = plainCode.test(code) ? code : 'rego_error'
    return {
      path: safePath(file),
      line: wholeOf(line),
      column: wholeOf(column),
      code: known,
      message: (Object.hasOwn(sentences, known) ? sentences[known] : undefined) ?? otherwise,
    }
  })
  return [...new Map(safe.map((fault) => [JSON.stringify(fault), fault])).values()].slice(0, most)
}

export function safeTests(tests: readonly RegoTest[]): PolicyTrialReport['tests'] {
  const failed = tests
    .filter(({ result }) => result === 'failed' || result === 'error')
    .slice(0, most)
    .map(({ file, name, line }) => ({
      path: safePath(file),
      name: plainTest.test(name) ? name : `the test in line ${wholeOf(line)}`,
    }))
  return { passed: tests.filter(({ result }) => result === 'passed').length, failed }
}

const wholeOf = (position: number): number => (Number.isSafeInteger(position) && position > 0 ? position : 1)
