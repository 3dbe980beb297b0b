DROP TABLE whatsapp_credentials;
