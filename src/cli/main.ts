#!/usr/bin/env node
import { createRequire } from 'node:module'
import { Command } from 'commander'
import { checkCandlesCommand } from './check-candles-command.ts'
import { checkFeaturesCommand } from './check-features-command.ts'
import { doctorCommand } from './doctor-command.ts'
import { modelsCommand } from './models-command.ts'
import { replayCommand } from './replay-command.ts'
import { reportCommand } from './report-command.ts'
import { simulateCommand } from './simulate-command.ts'
import { walkForwardCommand } from './walk-forward-command.ts'

const { version } = createRequire(import.meta.url)('tradelearn/package.json') as { version: string }

const program = new Command('tradelearn')
  .description('Online learning for trading bots: does a model know which of your signals pay?')
  .version(version)
  .showHelpAfterError('(add --help for what can be said)')
  .addHelpText(
    'after',
    '\nExamples:\n' +
      '  tradelearn walk-forward --candles btc_1h.csv --rule rsi-macd\n' +
      '  tradelearn report --candles btc_1h.csv --signals my_signals.csv --html page.html\n' +
      '  tradelearn simulate --signals 6000\n' +
      '  tradelearn check-candles --candles btc_1h.csv --timeframe 1h\n' +
      '  tradelearn check-features --candles btc_1h.csv --features my_features.mjs\n' +
      '  tradelearn doctor state/btc\n' +
      '  tradelearn replay state/btc --options my_bot_options.mjs\n' +
      '  tradelearn models state/models\n\n' +
      'A research and engineering tool; no investment advice. It never sends an order.',
  )
for (const command of [
  walkForwardCommand(),
  reportCommand(),
  simulateCommand(),
  checkCandlesCommand(),
  checkFeaturesCommand(),
  doctorCommand(),
  replayCommand(),
  modelsCommand(),
]) {
  program.addCommand(command)
}

try {
  await program.parseAsync()
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  console.error(`${code ? `${code}: ` : ''}${message}`)
  process.exitCode = 1
}
