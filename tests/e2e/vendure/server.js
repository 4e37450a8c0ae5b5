// A real Vendure on SQLite for the end-to-end test: started with PORT and DATABASE in the environment, says READY when it answers.
'use strict';

// nothing of a test leaves this machine
process.env.VENDURE_DISABLE_TELEMETRY = 'true';

const { bootstrap, dummyPaymentHandler, LanguageCode } = require('@vendure/core');

const config = {
    apiOptions: { hostname: '127.0.0.1', port: Number(process.env.PORT), adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
    authOptions: {
        tokenMethod: ['bearer'],
        requireVerification: false,
        superadminCredentials: { identifier: process.env.VENDURE_USERNAME, password: process.env.VENDURE_PASSWORD },
    },
    dbConnectionOptions: { type: 'better-sqlite3', database: process.env.DATABASE, synchronize: true, logging: false },
    paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
    // what a unit costs the merchant is no part of a plain Vendure: shops keep it in a field of their own
    customFields: {
        ProductVariant: [{ name: 'unitCost', type: 'int', nullable: true, public: false, label: [{ languageCode: LanguageCode.en, value: 'Unit cost' }] }],
    },
    systemOptions: { errorHandlers: [] },
    plugins: [],
};

bootstrap(config)
    .then(() => process.stdout.write('READY\n'))
    .catch((error) => {
        process.stderr.write(`${error.stack}\n`);
        process.exit(1);
    });
