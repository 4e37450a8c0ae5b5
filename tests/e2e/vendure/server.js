// A real Vendure on SQLite for the end-to-end test. PORT, DATABASE, VENDURE_USERNAME and VENDURE_PASSWORD are in the environment; it says
// READY when it answers, and ends when its standard input does, so that it never outlives the test that started it. A number on a line of
// standard input sets its clock to so many milliseconds after the machine's: a shop that is to be driven has a past.
'use strict';

// nothing of a test leaves this machine
process.env.VENDURE_DISABLE_TELEMETRY = 'true';

let shift = 0;
const RealDate = Date;
global.Date = new Proxy(RealDate, {
    construct: (target, given) => (given.length === 0 ? new target(target.now() + shift) : new target(...given)),
    get: (target, name) => (name === 'now' ? () => target.now() + shift : Reflect.get(target, name)),
});

const { bootstrap, dummyPaymentHandler } = require('@vendure/core');

const config = {
    apiOptions: { hostname: '127.0.0.1', port: Number(process.env.PORT), adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
    authOptions: {
        tokenMethod: ['bearer'],
        requireVerification: false,
        superadminCredentials: { identifier: process.env.VENDURE_USERNAME, password: process.env.VENDURE_PASSWORD },
    },
    dbConnectionOptions: { type: 'better-sqlite3', database: process.env.DATABASE, synchronize: true, logging: false },
    paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
    // a plain Vendure does not know what a unit costs the merchant: shops keep it in a field of their own
    customFields: { ProductVariant: [{ name: 'unitCost', type: 'int', nullable: true, public: false }] },
    plugins: [],
};

require('readline')
    .createInterface({ input: process.stdin })
    .on('line', (line) => {
        shift = Number(line);
        process.stdout.write(`SHIFTED ${shift}\n`);
    })
    .on('close', () => process.exit(0));

bootstrap(config)
    .then(() => process.stdout.write('READY\n'))
    .catch((error) => {
        process.stderr.write(`${error.stack}\n`);
        process.exit(1);
    });
