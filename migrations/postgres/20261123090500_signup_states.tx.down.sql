DROP TABLE whatsapp_signup_states;
